"""A consumer as the loop needs it, and waiting until there is a broker to make it with."""

import logging
from collections.abc import Callable
from typing import Any, TypeVar

import structlog
from kafka import KafkaConsumer
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.errors import KafkaError

from services.stream.connection import KafkaConnection, new_client
from services.stream.kafka_python import shorten_idle_sleep
from services.stream.worker import NotNow

BOOTSTRAP_SECONDS = 5.0
IDLE_SLEEP_MS = 5
# kafka-python counts the pieces of services.stream.records as records: 512 KiB each, unpacked.
POLL_PIECES = 32
# A poll hands over all that a fetch brought. A partition of which it left pieces over would not be
# in the next fetch, and there is one at a time for a broker: the partition's next record would wait
# for that one's end, half a second if the other partitions are silent. Only what unpacks to more
# than POLL_PIECES is left to the next poll.
WHOLE_FETCHES: dict[str, Any] = {"fetch_max_bytes": 2 * 1024 * 1024}

Client = TypeVar("Client")

log = structlog.get_logger()


class LastWarning(logging.Handler):
    """Keeps kafka-python's last complaint, so that one line of ours can name the cause."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.text = "no answer"

    def emit(self, record: logging.LogRecord) -> None:
        """Called by logging."""
        self.text = record.getMessage()


def group_consumer(connection: KafkaConnection, group: str, **overrides: Any) -> KafkaConsumer:
    """A member of the group that commits nothing by itself; KafkaError if no broker answers."""
    settings: dict[str, Any] = {
        "group_id": group,
        "enable_auto_commit": False,
        "auto_offset_reset": "none",
        "isolation_level": "read_committed",
        "max_poll_records": POLL_PIECES,
        "partition_assignment_strategy": [CooperativeStickyAssignor],
        "bootstrap_timeout_ms": int(BOOTSTRAP_SECONDS * 1000),
        "reconnect_backoff_max_ms": 2_000,
        "allow_auto_create_topics": False,
        "metadata_max_age_ms": 30_000,
        "metrics_enabled": False,
    }
    consumer = new_client(KafkaConsumer, connection, **(settings | overrides))
    shorten_idle_sleep(consumer, IDLE_SLEEP_MS)
    return consumer


def connected(
    make: Callable[[], Client],
    is_stopping: Callable[[], bool],
    turned: Callable[[], None],
    hint: str | None = None,
) -> Client | None:
    """What `make` gives once a broker answers, None if told to stop; says once that it waits."""
    complaint = LastWarning()
    kafka_log = logging.getLogger("kafka")
    kafka_log.addHandler(complaint)
    kafka_log.setLevel(logging.WARNING)
    has_said = False
    try:
        while not is_stopping():
            turned()
            try:
                return make()
            except (KafkaError, NotNow) as error:
                if not has_said:
                    hints = {"hint": hint} if hint else {}
                    log.warning("waiting", until=str(error), cause=complaint.text, **hints)
                    has_said = True
        return None
    finally:
        kafka_log.removeHandler(complaint)
        kafka_log.setLevel(logging.CRITICAL)
