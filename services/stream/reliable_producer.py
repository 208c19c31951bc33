"""Publish records until Kafka acknowledges them: the producer of alerting and notifying.

    publication = producer.publish(records)
    in each step from then on:
        publication.resend_failed()
        if publication.is_acknowledged(): the offset that the records come from may be committed

A publication that is dropped is not sent again; what of it is under way may still arrive.
"""

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass

import structlog
from kafka import KafkaProducer
from kafka.errors import KafkaError, KafkaTimeoutError
from kafka.producer.future import FutureRecordMetadata
from prometheus_client import Counter

from services.stream.outgoing import Outgoing
from services.stream.producer import send

# The client waits in each send, up to its max_block_ms, while it knows no broker for the topic.
# After such a wait no record is handed to it for so long, so that one step waits once at most.
REFUSED_SECONDS = 2.0

FAILED = Counter("dronewatch_producer_failed_sends", "Sends that failed; each is repeated.")

log = structlog.get_logger()


@dataclass(slots=True)
class Sent:
    """One record on its way; no future if the client did not take it."""

    outgoing: Outgoing
    future: FutureRecordMetadata | None = None

    def is_acknowledged(self) -> bool:
        """Whether Kafka has it."""
        return self.future is not None and self.future.succeeded()

    def is_failed(self) -> bool:
        """Whether it must be sent again."""
        return self.future is None or self.future.failed()


class ReliableProducer:
    """Sends each record again until Kafka acknowledges it; at least once, in no fixed order."""

    def __init__(
        self, client: KafkaProducer, monotonic_seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self.client = client
        self.monotonic_seconds = monotonic_seconds
        self.refused_until_seconds = 0.0
        self.has_warned = False

    def publish(self, records: Iterable[Outgoing]) -> "Publication":
        """Hand the records to the client; waits its max_block_ms at most."""
        sent = [Sent(outgoing) for outgoing in records]
        for one in sent:
            self.send(one)
        return Publication(self, sent)

    def is_refused(self) -> bool:
        """Whether the client took nothing just now, so that nothing is handed to it."""
        return self.monotonic_seconds() < self.refused_until_seconds

    def send(self, sent: Sent) -> None:
        """Hand one record to the client, unless it took nothing just now."""
        sent.future = None
        if self.is_refused():
            return
        try:
            sent.future = send(self.client, sent.outgoing)
        except KafkaError as error:
            if isinstance(error, KafkaTimeoutError):
                self.refused_until_seconds = self.monotonic_seconds() + REFUSED_SECONDS
            self.warn(sent.outgoing, error)

    def warn(self, outgoing: Outgoing, cause: object) -> None:
        """Count a failed send; log it once until Kafka acknowledges a record again."""
        FAILED.inc()
        if not self.has_warned:
            log.warning("not published, trying again", topic=outgoing.topic, cause=str(cause))
        self.has_warned = True

    def close(self) -> None:
        """Close the client; it has a second to send what is under way."""
        self.client.close(timeout=1)


class Publication:
    """Records that were handed to a producer together; `size_bytes` counts keys and values."""

    def __init__(self, producer: ReliableProducer, sent: list[Sent]) -> None:
        self.producer = producer
        self.unacknowledged = sent
        self.size_bytes = sum(one.outgoing.size_bytes() for one in sent)

    def is_acknowledged(self) -> bool:
        """Whether Kafka has all of its records; changes nothing."""
        return all(sent.is_acknowledged() for sent in self.unacknowledged)

    def resend_failed(self) -> None:
        """Send again the records that failed, or that the client has not taken so far."""
        count = len(self.unacknowledged)
        self.unacknowledged = [one for one in self.unacknowledged if not one.is_acknowledged()]
        if len(self.unacknowledged) < count:
            self.producer.has_warned = False
        for sent in self.unacknowledged:
            if sent.is_failed():
                self._resend(sent)

    def wait(self, seconds: float) -> bool:
        """Wait up to so long for the acknowledgements, then resend; whether all are there."""
        deadline_seconds = time.monotonic() + seconds
        for future in [one.future for one in self.unacknowledged if one.future is not None]:
            remaining_seconds = deadline_seconds - time.monotonic()
            if remaining_seconds <= 0:
                break
            # Its failure is found by resend_failed.
            with suppress(KafkaError):
                future.get(timeout=remaining_seconds)
        self.resend_failed()
        return self.is_acknowledged()

    def _resend(self, sent: Sent) -> None:
        if sent.future is not None:
            self.producer.warn(sent.outgoing, sent.future.exception)
        self.producer.send(sent)
