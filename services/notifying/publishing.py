"""What could not be delivered, on its way to Kafka. Of services.notifying's two workers.

    publication = publishing.failed(untried(notice, now_ms), outcome, now_ms)
    ...in this turn and the following ones, until it is so:
    if publication.is_taken(): the notice is disposed of, its offset may be committed

Before that neither dispose of the notice nor deliver it again. An outcome without failures gives
a publication that is taken at once. The same for a record that is no alert: `unreadable`.
A call waits WAIT_SECONDS at most, and a second more for a Kafka that does not answer, once in a
while.
What fits into one record of `alerts` fits here; so must the alerts of a digest, together:
their records' values may have DERIVED_MAX_BYTES in all.
"""

import random
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import structlog
from kafka import KafkaProducer
from kafka.errors import KafkaError
from kafka.producer.future import FutureRecordMetadata

from services.notifying.metrics import RETRIED, UNDELIVERED
from services.notifying.notice import Outcome, Retry, Undelivered, encoded
from services.notifying.retrying import Terms, to_give_up, to_try_again
from services.reports import topics
from services.stream.connection import KafkaConnection
from services.stream.outgoing import Origin, Outgoing, set_aside
from services.stream.producer import PATIENT, producer, send
from services.stream.worker import Record

WAIT_SECONDS = 1.0
# After Kafka took nothing within max_block_ms.
REFUSED_SECONDS = 2.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Addresses:
    """Whose notices, and the topics they go to if they fail."""

    channel: str
    retry: str
    undelivered: str = topics.ALERTS_UNDELIVERED


@dataclass(slots=True)
class Sent:
    """One record on its way; no future if the client did not take it."""

    outgoing: Outgoing
    future: FutureRecordMetadata | None = None


class Publishing:
    """One producer, one channel; `jitter` gives numbers from 0 to 1."""

    def __init__(
        self,
        sender: KafkaProducer,
        addresses: Addresses,
        terms: Terms,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.sender = sender
        self.addresses = addresses
        self.terms = terms
        self.jitter = jitter
        self.refused_until_seconds = 0.0
        self.has_warned = False

    def failed(self, tried: Retry, outcome: Outcome, now_ms: int) -> "Publication":
        """Sends what is left of a delivery: to the retry topic, to the undelivered, or to both."""
        again = to_try_again(tried, outcome, self.terms, now_ms, self.jitter())
        given_up = to_give_up(tried, outcome, self.terms, now_ms)
        if again:
            RETRIED.labels(self.addresses.channel).inc()
            log.info("not delivered, trying again", **told(again))
        if given_up:
            UNDELIVERED.labels(self.addresses.channel).inc()
            log.warning("not delivered, given up", **told(given_up))
        kept = (again, given_up)
        return self._publication(*(to_keep(one, self.addresses) for one in kept if one))

    def unreadable(self, origin: Origin, record: Record, reason: str) -> "Publication":
        """Sends a record that is no alert, or no notice, to the undelivered as it came."""
        UNDELIVERED.labels(self.addresses.channel).inc()
        return self._publication(unread(origin, record, reason, self.addresses))

    def close(self) -> None:
        """The producer's last words."""
        self.sender.close(timeout=1)

    def _publication(self, *outgoing: Outgoing) -> "Publication":
        publication = Publication(self, [Sent(one) for one in outgoing])
        publication.is_taken(0)
        return publication

    def send(self, sent: Sent) -> None:
        """Hand it to the client, unless that refused one just now."""
        if time.monotonic() < self.refused_until_seconds:
            return
        try:
            sent.future = send(self.sender, sent.outgoing)
        except KafkaError as error:
            self.refused_until_seconds = time.monotonic() + REFUSED_SECONDS
            self.warn(sent.outgoing, error)

    def warn(self, outgoing: Outgoing, cause: object) -> None:
        """Once until Kafka takes something again."""
        if not self.has_warned:
            log.warning("not published, trying again", topic=outgoing.topic, cause=str(cause))
        self.has_warned = True


@dataclass(slots=True)
class Publication:
    """Records on their way that belong to one notice, or to one record that cannot be read."""

    publishing: Publishing
    sent: list[Sent]

    def is_taken(self, wait_seconds: float = WAIT_SECONDS) -> bool:
        """Whether Kafka has acknowledged all of it; sends anew what failed."""
        deadline = time.monotonic() + wait_seconds
        # Each gets its turn, also behind one that is not taken.
        taken = [self._is_acknowledged(sent, deadline) for sent in self.sent]
        return all(taken)

    def _is_acknowledged(self, sent: Sent, deadline: float) -> bool:
        if sent.future is None:
            self.publishing.send(sent)
        if sent.future is None or not is_done(sent.future, deadline - time.monotonic()):
            return False
        if sent.future.failed():
            self.publishing.warn(sent.outgoing, sent.future.exception)
            sent.future = None
            return False
        self.publishing.has_warned = False
        return True


def told(failed: Retry | Undelivered) -> dict[str, Any]:
    """What the log says of a failure."""
    return {
        "notice_id": failed.notice.notice_id,
        "attempts": failed.attempts,
        "reason": failed.reason,
    }


def notices_producer(connection: KafkaConnection) -> KafkaProducer:
    """With room for any notice; KafkaError if no broker answers."""
    return producer(
        connection, max_request_size=topics.NOTICE_MAX_BYTES, metrics_enabled=False, **PATIENT
    )


def to_keep(kept: Retry | Undelivered, addresses: Addresses) -> Outgoing:
    """The record for the retry topic, or for the undelivered."""
    key, value = kept.notice.notice_id.encode(), encoded(kept)
    if isinstance(kept, Retry):
        return Outgoing(addresses.retry, key, value, ())
    headers = (
        (topics.CHANNEL, addresses.channel.encode()),
        (topics.REASON, kept.reason.encode()),
    )
    return Outgoing(addresses.undelivered, key, value, headers)


def unread(origin: Origin, record: Record, reason: str, addresses: Addresses) -> Outgoing:
    """A record as it came, for the undelivered, and who could not read it."""
    outgoing = set_aside(addresses.undelivered, origin, record, reason)
    headers = ((topics.CHANNEL, addresses.channel.encode()), *outgoing.headers)
    return Outgoing(outgoing.topic, outgoing.key, outgoing.value, headers)


def is_done(future: FutureRecordMetadata, wait_seconds: float) -> bool:
    """Whether Kafka has said yes or no, within so many seconds."""
    if not future.is_done and wait_seconds > 0:
        with suppress(KafkaError):
            future.get(timeout=wait_seconds)
    return bool(future.is_done)
