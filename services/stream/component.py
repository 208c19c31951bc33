"""What the `__main__` of every consuming component does once its settings are read."""

import functools
import time
from collections.abc import Callable, Mapping
from typing import Any

import click
from kafka import KafkaConsumer

from services.runtime.health import Health, serve_health
from services.runtime.logs import configure_logs
from services.runtime.stopping import stop_on_signals
from services.stream.connection import KafkaConnection, sign_in_hint
from services.stream.consumer import connected, group_consumer
from services.stream.loop import ConsumerLoop
from services.stream.records import read_lean
from services.stream.worker import Worker

Command = Callable[..., Any]

HEARTBEAT_SECONDS_MAX = 3.0


def group_options(command: Command) -> Command:
    """Options of a member of a consumer group; its topic and group names are each component's."""

    @click.option(
        "--session-timeout-seconds",
        type=click.FloatRange(1, 1800),
        # Until it has passed, a dead member can hold up the whole group's next rebalance.
        default=15.0,
        help="A member silent for so long counts as dead: others take over its partitions.",
    )
    @functools.wraps(command)
    def with_options(*args: Any, **kwargs: Any) -> Any:
        return command(*args, **kwargs)

    return with_options


def run_component(
    connection: KafkaConnection,
    settings: Mapping[str, Any],
    topic: str,
    make_worker: Callable[[], Worker],
    read: Callable[[KafkaConsumer], KafkaConsumer] = read_lean,
    **consumer_settings: Any,
) -> None:
    """Serve health, wait for Kafka, consume `topic` until SIGTERM.

    `settings` are those of `process_options`, `group_options` and `group`; `make_worker` may
    need Kafka, too. `read` says how records are read; `read_lean` leaves out their headers.
    """
    configure_logs(settings["log_format"], settings["log_level"])
    stop = stop_on_signals()
    health = Health(time.monotonic, time.monotonic())
    serve_health(health, settings["health_port"])

    def loop() -> ConsumerLoop:
        worker = make_worker()
        membership = _membership(settings["session_timeout_seconds"]) | consumer_settings
        try:
            consumer = read(group_consumer(connection, settings["group"], **membership))
        except BaseException:
            worker.close()
            raise
        return ConsumerLoop(consumer, topic, worker, health, stop)

    made = connected(loop, stop.is_set, health.turned, sign_in_hint(connection))
    if made:
        made.run()


def _membership(session_timeout_seconds: float) -> dict[str, Any]:
    heartbeat_seconds = min(session_timeout_seconds / 3, HEARTBEAT_SECONDS_MAX)
    return {
        "session_timeout_ms": int(session_timeout_seconds * 1000),
        "heartbeat_interval_ms": int(heartbeat_seconds * 1000),
    }
