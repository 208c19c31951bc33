"""What the `__main__` of every consuming component does once its settings are read."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from services.runtime.health import Health, serve_health
from services.runtime.logs import configure_logs
from services.runtime.stopping import stop_on_signals
from services.stream.connection import KafkaConnection
from services.stream.consumer import connected, group_consumer
from services.stream.loop import ConsumerLoop
from services.stream.records import read_lean
from services.stream.worker import Worker


def run_component(
    connection: KafkaConnection,
    settings: Mapping[str, Any],
    topic: str,
    make_worker: Callable[[], Worker],
    **consumer_settings: Any,
) -> None:
    """Serve health, wait for Kafka, consume `topic` until SIGTERM.

    `settings` are those of `process_options` and `group`; `make_worker` may need Kafka, too.
    """
    configure_logs(settings["log_format"], settings["log_level"])
    stop = stop_on_signals()
    health = Health(time.monotonic, time.monotonic())
    serve_health(health, settings["health_port"])

    def loop() -> ConsumerLoop:
        worker = make_worker()
        try:
            consumer = read_lean(group_consumer(connection, settings["group"], **consumer_settings))
        except BaseException:
            worker.close()
            raise
        return ConsumerLoop(consumer, topic, worker, health, stop)

    made = connected(loop, stop.is_set, health.turned)
    if made:
        made.run()
