"""The worker behind a channel's second consumer loop: delivers anew what failed, in its time.

In order within a partition, whose head is waited for: what stands behind it failed later, so none
waits longer than the longest wait for another's sake. What fails once more goes to the tail.
"""

from collections import deque
from collections.abc import Set
from dataclasses import dataclass, field
from typing import Any

import structlog
from kafka.structs import OffsetAndMetadata

from services.notifying.broker_clock import BrokerClock
from services.notifying.channel import Channel
from services.notifying.choosing import allowance
from services.notifying.decoding import retry_in
from services.notifying.metrics import LOST, WAITING, count_outcome
from services.notifying.notice import Retry
from services.notifying.publishing import WAIT_SECONDS, Publishing
from services.reports.codec import Rejection
from services.stream.group_start import group_start
from services.stream.outgoing import Origin
from services.stream.reliable_producer import Publication
from services.stream.worker import NO_EPOCH, Actions, Commits, Fetch, LogRange, Record

# In each partition; reading pauses beyond it.
HELD_RECORDS = 30
HELD_BYTES = 8 * 1024 * 1024
# A poll's pieces, 512 KiB of records each, come beside what is held.
CONSUMER_SETTINGS: dict[str, Any] = {"max_poll_records": 4}

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Held:
    """One record of a partition, and what stands in it."""

    record: Record
    content: Retry | Rejection

    @property
    def due_ms(self) -> int:
        """When it is to be tried (brokers' time); what cannot be read at once."""
        waits_ms = self.content.wait_ms if isinstance(self.content, Retry) else 0
        return self.record.timestamp + waits_ms

    @property
    def alerts(self) -> int:
        """How many it carries."""
        return len(self.content.notice.alerts) if isinstance(self.content, Retry) else 0


@dataclass(slots=True)
class HeldPartition:
    """The records of one partition that wait, in order; `position`: of its next fetch."""

    position: int
    leader_epoch: int = NO_EPOCH
    records: deque[Held] = field(default_factory=deque)

    @property
    def is_full(self) -> bool:
        """Whether no more of this partition is to be read for now."""
        size_bytes = sum(len(one.record.value or b"") for one in self.records)
        return len(self.records) >= HELD_RECORDS or size_bytes >= HELD_BYTES

    def dispose_head(self) -> OffsetAndMetadata:
        """Remove the first record; the commit that says so."""
        done = self.records.popleft()
        end = self.records[0].record.offset if self.records else self.position
        return OffsetAndMetadata(max(end, done.record.offset + 1), "", self.leader_epoch)

    def cut(self, offset: int) -> int:
        """Forget what is at and above this offset, and go on there; how many alerts waited."""
        forgotten = [one for one in self.records if one.record.offset >= offset]
        self.records = deque(one for one in self.records if one.record.offset < offset)
        self.position = offset
        return sum(one.alerts for one in forgotten)


@dataclass(frozen=True, slots=True)
class Tried:
    """A partition's head after its delivery; what failed of it has to be in Kafka first."""

    partition: int
    offset: int
    publication: Publication


class RetryWorker:
    """One notice at a time: tried, its failure published, its offset committed, then the next."""

    def __init__(
        self, channel: Channel, publishing: Publishing, topic: str, clock: BrokerClock
    ) -> None:
        self.channel = channel
        self.publishing = publishing
        self.topic = topic
        self.clock = clock
        self.partitions: dict[int, HeldPartition] = {}
        self.tried: Tried | None = None
        self.committing: int | None = None
        self.sent_at_ms: deque[int] = deque(maxlen=channel.cap_per_minute or 0)

    def start_offset(
        self, partition: int, committed: OffsetAndMetadata | None, log_range: LogRange
    ) -> int:
        """Where the group left off, or the log's start."""
        begin = min(group_start(partition, committed, log_range), log_range.end)
        lost = max(0, log_range.start - committed.offset) if committed else 0
        LOST.labels(self.channel.name).inc(lost)
        self.partitions[partition] = HeldPartition(begin)
        return begin

    def position(self, partition: int) -> int | None:
        """Where its next fetch must begin."""
        held = self.partitions.get(partition)
        return held.position if held else None

    def accept(self, fetch: Fetch) -> None:
        """Hold its records until it is their time."""
        held = self.partitions[fetch.partition]
        for record in fetch.records:
            self.clock.note(record.timestamp)
        held.records.extend(Held(record, retry_in(record.value)) for record in fetch.records)
        held.position, held.leader_epoch = fetch.end, fetch.leader_epoch

    def step(self) -> Actions:
        """Finish what was tried, or try the next that is due."""
        if self.tried is None and self.committing is None:
            self._try_next()
        commits = self._disposed(WAIT_SECONDS)
        waiting = sum(one.alerts for held in self.partitions.values() for one in held.records)
        WAITING.labels(self.channel.name).set(waiting)
        full = frozenset(p for p, held in self.partitions.items() if held.is_full)
        return Actions(commits=commits, paused=full, poll_immediately=self._next() is not None)

    def on_committed(self, partitions: Set[int]) -> None:
        """Note that the last one is done for good: the next may be tried."""
        if self.committing in partitions:
            self.committing = None

    def on_log_cut(self, partition: int, offset: int) -> None:
        """Forget the notices at and above this offset, and go on there."""
        forgotten = self.partitions[partition].cut(offset)
        if self.tried and self.tried.partition == partition and self.tried.offset >= offset:
            self.tried = None
        log.error("the log lost its end", partition=partition, offset=offset, alerts=forgotten)

    def drain(self, partitions: Set[int], deadline_seconds: float) -> Commits:
        """Commit what was tried; what does not get to Kafka in time is tried again elsewhere."""
        is_theirs = self.tried is not None and self.tried.partition in partitions
        commits = self._disposed(deadline_seconds) if is_theirs else {}
        self.drop(partitions)
        return commits

    def drop(self, partitions: Set[int]) -> None:
        """Forget these partitions."""
        self.partitions = {p: h for p, h in self.partitions.items() if p not in partitions}
        if self.tried and self.tried.partition in partitions:
            self.tried = None
        self.on_committed(partitions)

    def close(self) -> None:
        """Let go of the channel and of Kafka."""
        self.channel.close()
        self.publishing.close()

    def _next(self) -> int | None:
        """The partition whose head is to be tried now, if any may be."""
        now_ms = self.clock.now_ms()
        heads = {p: h.records[0].due_ms for p, h in self.partitions.items() if h.records}
        first = min(heads, key=heads.__getitem__, default=None)
        is_due = first is not None and heads[first] <= now_ms
        sent_ms, cap = self.sent_at_ms, self.channel.cap_per_minute
        allowed = allowance(sent_ms, cap, self.clock.monotonic_ms())
        return first if is_due and allowed.is_left() else None

    def _try_next(self) -> None:
        partition = self._next()
        if partition is None:
            return
        head = self.partitions[partition].records[0]
        if isinstance(head.content, Rejection):
            origin, reason = Origin(self.topic, partition), head.content.reason
            publication = self.publishing.unreadable(origin, head.record, reason)
        else:
            publication = self._delivered(head.content)
        self.tried = Tried(partition, head.record.offset, publication)

    def _delivered(self, retry: Retry) -> Publication:
        """What is left of it after one more attempt."""
        self.sent_at_ms.append(self.clock.monotonic_ms())
        outcome = self.channel.deliver(retry.notice)
        now_ms = self.clock.wall_ms()
        count_outcome(self.channel.name, retry.notice, outcome, now_ms)
        return self.publishing.failed(retry, outcome, now_ms)

    def _disposed(self, wait_seconds: float) -> Commits:
        """The commit of what was tried, once Kafka has what failed of it."""
        if self.tried is None or not self.tried.publication.wait(wait_seconds):
            return {}
        partition = self.committing = self.tried.partition
        self.tried = None
        return {partition: self.partitions[partition].dispose_head()}
