"""What the `__main__` of every consuming component does once its settings are read."""

import functools
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import click

from services.runtime.health import Health, serve_health
from services.runtime.logs import configure_logs
from services.runtime.stopping import stop_on_signals
from services.stream.connection import KafkaConnection, sign_in_hint
from services.stream.consumer import connected, group_consumer
from services.stream.loop import ConsumerLoop
from services.stream.records import read_fetches
from services.stream.topic_settings import TopicCheck, TopicSettings
from services.stream.worker import Worker

Command = Callable[..., Any]

# By its heartbeat a member learns that the group rebalances, and those that know already read
# nothing until the last one does.
HEARTBEAT_SECONDS_MAX = 0.5


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


@dataclass(frozen=True, slots=True)
class Membership:
    """A member of a consumer group of one topic.

    `settings` are those of `group_options` and `group`; records have their headers only
    `with_headers`. `consumer` is KafkaConsumer's own.
    """

    connection: KafkaConnection
    topic: str
    settings: Mapping[str, Any]
    with_headers: bool = False
    consumer: Mapping[str, Any] = field(default_factory=dict)


def run_component(
    connection: KafkaConnection,
    settings: Mapping[str, Any],
    topic: str,
    make_worker: Callable[[], Worker],
    with_headers: bool = False,
    **consumer_settings: Any,
) -> None:
    """Serve health, wait for Kafka, consume `topic` until SIGTERM.

    `settings` are those of `process_options`, too; `make_worker` may need Kafka.
    """
    configure_logs(settings["log_format"], settings["log_level"])
    stop = stop_on_signals()
    health = Health(time.monotonic, time.monotonic())
    serve_health(health, settings["health_port"])
    membership = Membership(connection, topic, settings, with_headers, consumer_settings)
    consume(membership, make_worker, health, stop)


def consume(
    membership: Membership,
    make_worker: Callable[[], Worker],
    health: Health,
    stop: threading.Event,
) -> None:
    """Wait for Kafka, then hand its records to the worker, until stop is set."""
    connection = membership.connection

    def make_loop() -> ConsumerLoop:
        with ExitStack() as opened:
            worker = make_worker()
            opened.callback(worker.close)
            settings = TopicSettings(connection, membership.topic)
            opened.callback(settings.close)
            consumer = group_consumer(connection, **_group_settings(membership))
            read_fetches(consumer, membership.with_headers)
            opened.pop_all()
        loop = ConsumerLoop(consumer, membership.topic, worker, health, stop)
        loop.check = TopicCheck(membership.topic, settings)
        return loop

    made = connected(make_loop, stop.is_set, health.turned, sign_in_hint(connection))
    if made:
        made.run()


def _group_settings(membership: Membership) -> dict[str, Any]:
    session_timeout_seconds = membership.settings["session_timeout_seconds"]
    heartbeat_seconds = min(session_timeout_seconds / 3, HEARTBEAT_SECONDS_MAX)
    return {
        "group": membership.settings["group"],
        "session_timeout_ms": int(session_timeout_seconds * 1000),
        "heartbeat_interval_ms": int(heartbeat_seconds * 1000),
        **membership.consumer,
    }
