"""Reports to Kafka: handed over and awaited so many at a time."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any
from zlib import crc32

from kafka import KafkaProducer
from kafka.errors import KafkaError, KafkaTimeoutError

from services.loading.pipe import Stopped
from services.loading.plan import Terms
from services.reports.codec import encoded
from services.reports.report import Report
from services.stream.connection import KafkaConnection
from services.stream.kafka_python import mark_closed, topic_id_known
from services.stream.patience import Patience
from services.stream.producer import compression_setting, patient_producer

PRODUCER_SETTINGS: dict[str, Any] = {
    # While the next batch is made, this one is on its way.
    "linger_ms": 20,
    "batch_size": 128 * 1024,
    "metrics_enabled": False,
}
# Longer without an acknowledgement counts as being away, and is said.
WAIT_SECONDS = 2.0


@dataclass(slots=True)
class Outlet:
    """A producer on one topic.

    KafkaError if the broker will never take a report; Stopped if told to stop while it is away.
    """

    producer: KafkaProducer
    topic: str
    patience: Patience

    def send(self, reports: Iterable[Report]) -> list[Any]:
        """Hand them over; futures that their acknowledgements fulfil."""
        # There may be more of them by now.
        partitions = self.patience.awaited(lambda: len(self.producer.partitions_for(self.topic)))
        if not partitions:
            raise Stopped
        return [self._send(report, partitions) for report in reports]

    def _send(self, report: Report, partitions: int) -> Any:
        key = report.report_id.encode()
        # Spreads as evenly as Kafka's own partitioner, at a fraction of what that costs in Python.
        partition = crc32(key) % partitions
        value, send = encoded(report), self.producer.send
        try:
            return send(self.topic, value, key, partition=partition)
        except KafkaTimeoutError:
            again = partial(send, self.topic, value, key, partition=partition)
            future = self.patience.awaited(again)
        if future is None:
            raise Stopped
        return future

    def settle(self, unacknowledged: Iterable[Any]) -> None:
        """Wait until all of these are acknowledged."""
        for future in unacknowledged:
            if (
                not future.succeeded()
                and self.patience.awaited(partial(future.get, WAIT_SECONDS)) is None
            ):
                raise Stopped

    def topic_id(self) -> str | None:
        """Kafka's id of the topic, 32 hexadecimal digits; None from a broker without such ids."""
        return topic_id_known(self.producer, self.topic)

    def close(self) -> None:
        """Let go; what is not acknowledged then may or may not stand in the topic."""
        try:
            # While it is away nothing more would be acknowledged.
            self.producer.close(0 if self.patience.is_away else WAIT_SECONDS)
        except KafkaError:
            mark_closed(self.producer)


def outlet(connection: KafkaConnection, terms: Terms, patience: Patience) -> Outlet:
    """An outlet to a topic that exists; KafkaError if no broker answers or it has no such topic."""
    settings = PRODUCER_SETTINGS | compression_setting(terms.compression)
    client = patient_producer(connection, terms.topic, **settings)
    return Outlet(client, terms.topic, patience)
