"""The worker behind a channel's second consumer loop: delivers anew what failed, in its time.

In order within a partition, whose head is waited for: what stands behind it failed later, so none
waits longer than the longest wait for another's sake. What fails once more goes to the tail.
"""

from collections import deque
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from typing import Any

from kafka.structs import OffsetAndMetadata

from services.notifying.channel import Channel
from services.notifying.choosing import allowance
from services.notifying.decoding import retry_in
from services.notifying.metrics import WAITING, count_outcome
from services.notifying.notice import Retry
from services.notifying.publishing import WAIT_SECONDS, Publication, Publishing
from services.reports.codec import Rejection
from services.stream.outgoing import Origin
from services.stream.worker import Commits, Record, Turn

# In each partition; reading pauses beyond it.
HELD_RECORDS = 30
HELD_BYTES = 8 * 1024 * 1024
# A poll's pieces, 512 KiB of records each, come beside what is held.
CONSUMER_SETTINGS: dict[str, Any] = {"max_poll_records": 4}


@dataclass(frozen=True, slots=True)
class Held:
    """One record of a partition, and what stands in it."""

    record: Record
    content: Retry | Rejection

    @property
    def not_before_ms(self) -> int:
        """When it is to be tried; what cannot be read has no time."""
        return self.content.not_before_ms if isinstance(self.content, Retry) else 0

    @property
    def alerts(self) -> int:
        """How many it carries."""
        return len(self.content.notice.alerts) if isinstance(self.content, Retry) else 0


@dataclass(frozen=True, slots=True)
class Tried:
    """A partition's head after its delivery; what failed of it has to be in Kafka first."""

    partition: int
    publication: Publication


class RetryWorker:
    """One notice at a time: tried, its failure published, its offset committed, then the next."""

    def __init__(
        self, channel: Channel, publishing: Publishing, topic: str, now_ms: Callable[[], int]
    ) -> None:
        self.channel = channel
        self.publishing = publishing
        self.topic = topic
        self.now_ms = now_ms
        self.held: dict[int, deque[Held]] = {}
        self.tried: Tried | None = None
        self.committing: int | None = None
        self.sent_at_ms: deque[int] = deque(maxlen=channel.cap_per_minute or 0)

    def begin(self, partition: int, committed: OffsetAndMetadata | None, log_start: int) -> int:
        """Where the group left off, or the log's start."""
        self.held[partition] = deque()
        return max(committed.offset, log_start) if committed else log_start

    def take(self, partition: int, records: Sequence[Record]) -> None:
        """Hold them until it is their time."""
        self.held[partition].extend(Held(record, retry_in(record.value)) for record in records)

    def turn(self) -> Turn:
        """Finish what was tried, or try the next that is due."""
        if self.tried is None and self.committing is None:
            self._try_next()
        commits = self._disposed(WAIT_SECONDS)
        held = self.held.values()
        WAITING.labels(self.channel.name).set(sum(one.alerts for many in held for one in many))
        full = frozenset(p for p, many in self.held.items() if is_full(many))
        return Turn(commits=commits, paused=full, is_pressed=self._next() is not None)

    def committed(self, partitions: Set[int]) -> None:
        """Kafka knows that the last one is done: the next may be tried."""
        if self.committing in partitions:
            self.committing = None

    def settle(self, partitions: Set[int], deadline_seconds: float) -> Commits:
        """What was tried and does not get to Kafka in time is tried once more elsewhere."""
        is_theirs = self.tried is not None and self.tried.partition in partitions
        commits = self._disposed(deadline_seconds) if is_theirs else {}
        self.drop(partitions)
        return commits

    def drop(self, partitions: Set[int]) -> None:
        """Forget these partitions."""
        self.held = {p: held for p, held in self.held.items() if p not in partitions}
        if self.tried and self.tried.partition in partitions:
            self.tried = None
        self.committed(partitions)

    def close(self) -> None:
        """Let go of the channel and of Kafka."""
        self.channel.close()
        self.publishing.close()

    def _next(self) -> int | None:
        """The partition whose head is to be tried now, if any may be."""
        now_ms = self.now_ms()
        heads = {partition: held[0].not_before_ms for partition, held in self.held.items() if held}
        first = min(heads, key=heads.__getitem__, default=None)
        is_due = first is not None and heads[first] <= now_ms
        allowed = allowance(self.sent_at_ms, self.channel.cap_per_minute, now_ms)
        return first if is_due and allowed.is_left() else None

    def _try_next(self) -> None:
        partition = self._next()
        if partition is None:
            return
        head = self.held[partition][0]
        if isinstance(head.content, Rejection):
            origin, reason = Origin(self.topic, partition), head.content.reason
            publication = self.publishing.unreadable(origin, head.record, reason)
        else:
            publication = self._delivered(head.content)
        self.tried = Tried(partition, publication)

    def _delivered(self, retry: Retry) -> Publication:
        """What is left of it after one more attempt."""
        self.sent_at_ms.append(self.now_ms())
        outcome = self.channel.deliver(retry.notice)
        now_ms = self.now_ms()
        count_outcome(self.channel.name, retry.notice, outcome, now_ms)
        return self.publishing.failed(retry, outcome, now_ms)

    def _disposed(self, wait_seconds: float) -> Commits:
        """The commit of what was tried, once Kafka has what failed of it."""
        if self.tried is None or not self.tried.publication.is_taken(wait_seconds):
            return {}
        partition = self.committing = self.tried.partition
        self.tried = None
        done = self.held[partition].popleft()
        return {partition: OffsetAndMetadata(done.record.offset + 1, "", -1)}


def is_full(held: Sequence[Held]) -> bool:
    """Whether no more of this partition is to be read for now."""
    return (
        len(held) >= HELD_RECORDS or sum(len(one.record.value or b"") for one in held) >= HELD_BYTES
    )
