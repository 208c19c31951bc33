"""Of each record that is read of a partition: an alert that is new, a copy, or no alert. No I/O.

Decided in the order of the log, also about what is done already: its ids and windows count. While
something is not known of other partitions (services.notifying.copies), what follows waits, too.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from services.notifying.backlog import Backlog, Undecided
from services.notifying.bookmark import Bookmark, Layout
from services.notifying.choosing import Waiting
from services.notifying.copies import MEMORY_MS, SLACK_MS, Copies, is_displaced
from services.notifying.deduplication import IdMemory, digest_of
from services.notifying.windows import Windows, key_of
from services.reports.alert import Alert
from services.reports.codec import decoded_alert
from services.stream.headed import HeadedRecord, detected_at_ms


@dataclass(frozen=True, slots=True)
class SetAside:
    """Command: publish a record that is no alert elsewhere, then call `dispose`."""

    record: HeadedRecord
    reason: str


@dataclass(frozen=True, slots=True)
class Now:
    """Now by the brokers' clock; when the topic was asked for last (monotonic); known copies."""

    broker_ms: int
    asked_ms: int
    copies: Copies


@dataclass(slots=True)
class Counts:
    """What is counted since the counts were taken last."""

    duplicates: int = 0
    # Alerts older than what is remembered: nobody knows whether they were sent before.
    unchecked: int = 0


@dataclass(slots=True)
class Intake:
    """Fills the backlog of one partition; `begun`: where the group left off."""

    partition: int
    begun: Bookmark
    layout: Layout
    windows: Windows
    backlog: Backlog
    ids: IdMemory = field(default_factory=IdMemory)
    counts: Counts = field(default_factory=Counts)

    def accept(self, record: HeadedRecord, now_ms: int) -> SetAside | None:
        """Take over the next record (now_ms: monotonic); `decide` is to be called next."""
        content = decoded_alert(record.value)
        is_done = self.begun.is_done(record.offset)
        if isinstance(content, Alert):
            is_elsewhere = is_displaced(self.partition, record.key, self.layout.partitions)
            one = Undecided(record, content, now_ms, is_done, is_elsewhere)
            self.backlog.put_undecided(one)
            return None
        if is_done:
            return None
        self.backlog.put_aside(record.offset, len(record.value or b""))
        return SetAside(record, content.reason)

    def decide(self, now: Now) -> None:
        """Let alerts wait, or count them as duplicates, as far as enough is known."""
        undecided = self.backlog.undecided
        while undecided and self._is_decidable(undecided[0], now):
            one = self.backlog.take_undecided()
            is_new = self._is_new(one, now)
            due_ms = self._due_ms(one) if is_new else one.record.timestamp
            # What was being sent is sent as it was, whatever is remembered now.
            if is_new or one.record.offset in self.begun.planned:
                self._wait(one, due_ms, now)
            else:
                self.counts.duplicates += not one.is_done

    def _is_decidable(self, one: Undecided, now: Now) -> bool:
        if one.is_done:
            return True
        if self.is_grown(now.broker_ms):
            return now.copies.is_decidable(one.accepted_ms)
        return not one.is_displaced or now.asked_ms > one.accepted_ms

    def _is_new(self, one: Undecided, now: Now) -> bool:
        digest, timestamp_ms = digest_of(one.alert.alert_id), one.record.timestamp
        is_new = self.ids.add(digest, timestamp_ms)
        if one.is_done or not self.is_grown(now.broker_ms):
            return is_new
        return is_new and now.copies.first.is_first(digest, timestamp_ms, self.partition)

    def _due_ms(self, one: Undecided) -> int:
        return self.windows.due_ms(key_of(one.alert), one.record.timestamp)

    def _wait(self, one: Undecided, due_ms: int, now: Now) -> None:
        if one.is_done:
            return
        self.counts.unchecked += self._is_older_than_memory(one.alert, now.broker_ms)
        record, key = one.record, key_of(one.alert)
        found_ms, value = detected_at_ms(record), record.value or b""
        self.backlog.put_waiting(Waiting(record.offset, due_ms, key, found_ms, value))

    def _is_older_than_memory(self, alert: Alert, now_ms: int) -> bool:
        """Whether it may have been sent before the oldest alert that is remembered."""
        since_ms = self.ids.remembered_since_ms or 0
        if self.is_grown(now_ms):
            since_ms = max(since_ms, now_ms - MEMORY_MS)
        return int(alert.time.timestamp() * 1000) + SLACK_MS < since_ms

    def is_grown(self, now_ms: int) -> bool:
        """Whether the topic grew so lately that copies may be in other partitions."""
        grown_at_ms = self.layout.grown_at_ms
        return grown_at_ms > 0 and now_ms < grown_at_ms + SLACK_MS + MEMORY_MS

    def forget(self, lost: Iterable[Waiting]) -> None:
        """Forget alerts that were not sent and are gone from the log."""
        for one in lost:
            alert = decoded_alert(one.value)
            if isinstance(alert, Alert):
                self.ids.discard(digest_of(alert.alert_id))
