"""Sends batches to Kafka and says of each record where it stands. Used by `simulator.run`.

One batch is in flight at a time: it is sent, awaited and returned as ledger entries before the
caller makes the next. kafka-python's cost is per record and in this process's own Python, so
overlapping batches would gain nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import structlog
from kafka import KafkaProducer
from kafka.errors import KafkaError, KafkaTimeoutError
from kafka.partitioner import murmur2

from services.stream.connection import KafkaConnection
from services.stream.kafka_python import mark_closed
from services.stream.patience import Patience
from services.stream.producer import compression_setting, patient_producer
from simulator.ledger import Entry, digest
from simulator.messages import Message

# A batch is flushed as a whole, so nothing lingers; sizes let it go out in few requests.
PRODUCER_SETTINGS: dict[str, Any] = {
    "linger_ms": 0,
    "batch_size": 512 * 1024,
    "max_request_size": 8 * 1024 * 1024,
}
FLUSH_SECONDS = 1.0
BROKER_AGE_SECONDS = 30.0

log = structlog.get_logger()


class Refused(Exception):  # noqa: N818 - says what the broker did
    """The broker will never take these records; entries says what became of each of the batch."""

    def __init__(self, reason: str, entries: Sequence[Entry]) -> None:
        super().__init__(reason)
        self.entries = entries


@dataclass(slots=True)
class Sender:
    """A producer on one topic, and the patience with its Kafka."""

    producer: KafkaProducer
    topic: str
    patience: Patience
    partitions: int = 0
    partition_of: dict[bytes, int] = field(default_factory=dict)

    def send(self, messages: Sequence[Message]) -> list[Entry]:
        """Send the batch and wait for its acknowledgements; entries in the same order.

        Fewer entries than messages: told to stop, the others were not sent. Refused if the
        broker declines.
        """
        if not self._knows_partitions():
            return []
        futures = list(self._handed_over(messages))
        self._await_acknowledgements()
        entries = [
            _entry(message, future.value if future.succeeded() else None)
            for message, future in zip(messages, futures, strict=False)
        ]
        failed = next((future.exception for future in futures if future.failed()), None)
        if failed is not None:
            raise Refused(str(failed), entries)
        return entries

    def _knows_partitions(self) -> bool:
        """Whether the topic is there; its partitions may have become more."""
        partitions = self.patience.awaited(lambda: len(self.producer.partitions_for(self.topic)))
        if partitions and partitions != self.partitions:
            self.partitions = partitions
            self.partition_of.clear()
        return bool(partitions)

    def _handed_over(self, messages: Sequence[Message]) -> Iterator[Any]:
        send, topic, partition = self.producer.send, self.topic, self._partition
        for message in messages:
            try:
                yield send(topic, message.value, message.key, partition=partition(message.key))
            except KafkaTimeoutError:
                future = self.patience.awaited(partial(send, topic, message.value, message.key))
                if future is None:
                    return
                yield future

    def _partition(self, key: bytes) -> int:
        # As Kafka's own clients choose it; remembered, since murmur2 in Python is slow.
        known = self.partition_of.get(key)
        if known is None:
            known = self.partition_of[key] = (murmur2(key) & 0x7FFFFFFF) % self.partitions
        return known

    def _await_acknowledgements(self) -> None:
        self.patience.awaited(lambda: self.producer.flush(FLUSH_SECONDS))

    def has_seen_broker_lately(self) -> bool:
        """Whether a broker answered within BROKER_AGE_SECONDS, also when nothing was sent."""
        metrics = self.producer.metrics()["producer-metrics"]
        return bool(metrics["metadata-age"] < BROKER_AGE_SECONDS)

    def close(self) -> None:
        """Let go; what is still in flight stays of unknown outcome."""
        try:
            self.producer.close(FLUSH_SECONDS)
        except KafkaError:
            log.warning("stopped while Kafka was away: the last batch is of unknown outcome")
            mark_closed(self.producer)


def _entry(message: Message, metadata: object | None) -> Entry:
    offset = getattr(metadata, "offset", -1)
    is_known = offset >= 0
    is_report = message.report_id is not None
    return Entry(
        getattr(metadata, "partition", None) if is_known else None,
        offset if is_known else None,
        message.report_id,
        message.alerts,
        None if is_report else message.key.decode(),
        None if is_report else digest(message.value),
        message.fault,
        "acknowledged" if is_known else "unknown",
    )


def sender(connection: KafkaConnection, topic: str, patience: Patience, compression: str) -> Sender:
    """A sender to a topic that exists; KafkaError if no broker answers or it has no such topic."""
    settings = PRODUCER_SETTINGS | compression_setting(compression)
    return Sender(patient_producer(connection, topic, **settings), topic, patience)
