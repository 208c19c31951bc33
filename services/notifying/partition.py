"""One partition of `alerts`: which of its alerts wait, which are done, which are being sent."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import cast

import structlog

from services.notifying.bookmark import NOTHING, SPAN_MAX, Bookmark
from services.notifying.choosing import Waiting, due
from services.notifying.notice import Notice, notice_of
from services.notifying.recent import RecentIds
from services.notifying.windows import Windows, key_of
from services.reports.alert import Alert
from services.reports.codec import Rejection, decoded_alert
from services.stream.headed import HeadedRecord, detected_at_ms
from services.stream.worker import NO_EPOCH, Fetch

# With the records of the poll that passes it (500) still within a bookmark's span.
FULL_SPAN = 7_400
FULL_BYTES = 4 * 1024 * 1024

log = structlog.get_logger()


@dataclass(slots=True)
class PartitionAlerts:
    """Knows an offset's state: done, waiting, or held (no alert, not yet put elsewhere).

    begun: where the group left off; position: of the next fetch, lower than that at first, as
    the records before are read for their ids and windows.
    """

    begun: Bookmark
    position: int
    windows: Windows
    planned: frozenset[int] = NOTHING
    # The first offset that the bookmark did not know.
    begun_end: int = 0
    recent: RecentIds = field(default_factory=RecentIds)
    # In the order of their offsets, both.
    waiting: dict[int, Waiting] = field(default_factory=dict)
    held: dict[int, int] = field(default_factory=dict)
    waiting_bytes: int = 0
    duplicates: int = 0
    # Of the last fetch.
    leader_epoch: int = NO_EPOCH
    # Whether the group has to be told.
    is_changed: bool = False
    # When the first one is due; None when it has to be looked up.
    first_due_ms: int | None = None

    def __post_init__(self) -> None:
        self.planned = self.begun.planned
        self.begun_end = self.begun.end

    # --- what is read -----------------------------------------------------------

    def accept(self, fetch: Fetch) -> list[tuple[HeadedRecord, str]]:
        """Take over a fetch; the records that are no alerts and not done yet, and why.

        These are held until `dispose`.
        """
        # Of the two kinds of records that a loop can read notifying asks for this one.
        records = cast("Sequence[HeadedRecord]", fetch.records)
        taken = [(record, self._take(record)) for record in records]
        self.position = fetch.end
        self.leader_epoch = fetch.leader_epoch
        return [(record, rejection.reason) for record, rejection in taken if rejection]

    def _take(self, record: HeadedRecord) -> Rejection | None:
        content = decoded_alert(record.value)
        if isinstance(content, Alert):
            self._take_alert(record, content)
            return None
        if self.begun.is_done(record.offset):
            return None
        self.held[record.offset] = len(record.value or b"")
        return content

    def _take_alert(self, record: HeadedRecord, alert: Alert) -> None:
        is_new = self.recent.add(alert.alert_id)
        key, due_ms = key_of(alert), record.timestamp
        if is_new:
            due_ms = self.windows.due_ms(key, record.timestamp)
        if self.begun.is_done(record.offset):
            return
        # What was being sent is sent as it was, whatever is remembered now.
        if is_new or record.offset in self.begun.planned:
            value = record.value or b""
            self._wait(Waiting(record.offset, due_ms, key, detected_at_ms(record), value))
            return
        self.duplicates += 1
        self.is_changed = True

    def _wait(self, one: Waiting) -> None:
        self.waiting[one.offset] = one
        self.waiting_bytes += len(one.value)
        if self.first_due_ms is not None:
            self.first_due_ms = min(self.first_due_ms, one.due_ms)

    def counted_duplicates(self) -> int:
        """How many alerts were read a second time since the last call."""
        counted, self.duplicates = self.duplicates, 0
        return counted

    def cut(self, offset: int) -> int:
        """Forget what is at and above this offset, and go on there; how many alerts waited."""
        forgotten = [at for at in self.waiting if at >= offset]
        self.dispose([*forgotten, *(at for at in self.held if at >= offset)])
        self.planned = NOTHING
        self.begun = self.begun.to_log_end(offset)
        self.begun_end = min(self.begun_end, offset)
        self.position = offset
        return len(forgotten)

    @property
    def is_caught_up(self) -> bool:
        """Whether all has been read again that the bookmark knows; before, nothing is sent."""
        return self.position >= self.begun_end

    @property
    def is_full(self) -> bool:
        """Whether no more is to be read until some of it is sent."""
        is_large = self.waiting_bytes + sum(self.held.values()) > FULL_BYTES
        return self.is_caught_up and (is_large or self.position - self.offset > FULL_SPAN)

    # --- what is sent -----------------------------------------------------------

    def due_ms(self) -> int | None:
        """When the first of the waiting alerts is due; None if none waits."""
        if self.first_due_ms is None and self.waiting:
            self.first_due_ms = min(one.due_ms for one in self.waiting.values())
        return self.first_due_ms

    def due(self, now_ms: int) -> tuple[Waiting, ...]:
        """What is to be sent now, in the order of offsets: all that a bookmark reaches, if full."""
        if not self.is_full:
            return due(self.waiting.values(), now_ms)
        reached = self.offset + SPAN_MAX
        return tuple(one for one in self.waiting.values() if one.offset < reached)

    def resume(self) -> bool:
        """Whether an owner before us planned a notice; it is sent as it was planned, or not."""
        if not self.planned <= self.waiting.keys():
            log.error("a planned notice has lost alerts: what is left of it is sent anew")
            self.planned = NOTHING
        # The same commit once more: it is acknowledged only to the partition's owner.
        self.is_changed = self.is_changed or bool(self.planned)
        return bool(self.planned)

    def plan(self, offsets: Iterable[int]) -> None:
        """These are to be sent next, as one notice."""
        self.planned = frozenset(offsets)
        self.is_changed = True

    def notice(self) -> Notice:
        """The notice of what is planned."""
        chosen = [self.waiting[offset] for offset in sorted(self.planned)]
        alerts = [decoded_alert(one.value) for one in chosen]
        detected_at_ms = min(one.detected_at_ms for one in chosen)
        return notice_of([alert for alert in alerts if isinstance(alert, Alert)], detected_at_ms)

    def dispose(self, offsets: Iterable[int]) -> None:
        """These are done."""
        for offset in offsets:
            self.held.pop(offset, None)
            done = self.waiting.pop(offset, None)
            self.waiting_bytes -= len(done.value) if done else 0
        self.first_due_ms = None
        self.is_changed = True

    def dispose_planned(self) -> None:
        """What was planned is sent, or published elsewhere."""
        self.dispose(self.planned)
        self.planned = NOTHING

    # --- what is committed ------------------------------------------------------

    @property
    def offset(self) -> int:
        """Of the first record that is not done."""
        firsts = (
            next(iter(self.waiting), self.position),
            next(iter(self.held), self.position),
        )
        return min(firsts)

    def bookmark(self) -> Bookmark:
        """For the group's commit, once it is caught up."""
        is_open = self.waiting.keys() | self.held.keys()
        done = frozenset(range(self.offset, self.position)) - is_open
        return Bookmark(self.begun.topic_id, self.offset, done, self.planned)
