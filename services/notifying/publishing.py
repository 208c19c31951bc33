"""What could not be delivered, on its way to Kafka. Of services.notifying's two workers.

    publication = publishing.failed(untried(notice, now_ms), outcome, now_ms)
    ...in this step and the following ones, until it is so:
    if publication.wait(seconds): the notice is disposed of, its offset may be committed

Before that neither dispose of the notice nor deliver it again. An outcome without failures gives
a publication that is acknowledged at once. The same for a record that is no alert: `unreadable`.
What fits into one record of `alerts` fits here; so must the alerts of a digest, together:
their records' values may have DERIVED_MAX_BYTES in all.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from kafka import KafkaProducer

from services.notifying.metrics import RETRIED, UNDELIVERED
from services.notifying.notice import Outcome, Retry, Undelivered, encoded
from services.notifying.retrying import Terms, to_give_up, to_try_again
from services.reports import topics
from services.stream.connection import KafkaConnection
from services.stream.outgoing import Origin, Outgoing, set_aside
from services.stream.producer import PATIENT, producer
from services.stream.reliable_producer import Publication, ReliableProducer
from services.stream.worker import Record

WAIT_SECONDS = 1.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Addresses:
    """Whose notices, and the topics they go to if they fail."""

    channel: str
    retry: str
    undelivered: str = topics.ALERTS_UNDELIVERED


class Publishing:
    """One producer, one channel; `jitter` gives numbers from 0 to 1."""

    def __init__(
        self,
        sender: ReliableProducer,
        addresses: Addresses,
        terms: Terms,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.sender = sender
        self.addresses = addresses
        self.terms = terms
        self.jitter = jitter

    def failed(self, tried: Retry, outcome: Outcome, now_ms: int) -> Publication:
        """Send what is left of a delivery: to the retry topic, to the undelivered, or to both."""
        again = to_try_again(tried, outcome, self.terms, now_ms, self.jitter())
        given_up = to_give_up(tried, outcome, self.terms, now_ms)
        if again:
            RETRIED.labels(self.addresses.channel).inc()
            log.info("not delivered, trying again", **told(again))
        if given_up:
            UNDELIVERED.labels(self.addresses.channel).inc()
            log.warning("not delivered, given up", **told(given_up))
        kept = (again, given_up)
        return self.sender.publish(to_keep(one, self.addresses) for one in kept if one)

    def unreadable(self, origin: Origin, record: Record, reason: str) -> Publication:
        """Send a record that is no alert, or no notice, to the undelivered as it came."""
        UNDELIVERED.labels(self.addresses.channel).inc()
        return self.sender.publish([unread(origin, record, reason, self.addresses)])

    def close(self) -> None:
        """Close the producer; it has a second to send what is under way."""
        self.sender.close()


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
