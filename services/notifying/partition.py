"""One partition of `alerts` as a state machine without I/O: what waits, what is sent, what is done.

Events come as calls; what they want done they return as commands (Deliver, SetAside, a commit).
Time and what is known of other partitions are passed in.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import cast

import structlog
from kafka.structs import OffsetAndMetadata

from services.notifying.backlog import Backlog
from services.notifying.bookmark import NOTHING, SPAN_MAX, Bookmark, Layout, metadata_of
from services.notifying.choosing import Waiting, due
from services.notifying.intake import Counts, Intake, Now, SetAside
from services.notifying.notice import Notice, notice_of
from services.reports.alert import Alert
from services.reports.codec import decoded_alert
from services.stream.headed import HeadedRecord
from services.stream.worker import NO_EPOCH, Fetch


class Phase(Enum):
    """How far the next notice of the partition is."""

    REREADING = auto()  # what the bookmark knows of is read again; nothing is sent or committed
    IDLE = auto()  # none, or one that an owner before us planned
    PLANNED = auto()  # its plan is in a commit that is not acknowledged
    COMMITTED = auto()  # its plan is acknowledged: to be delivered
    DELIVERED = auto()  # what failed of it is on its way to Kafka


class Event(Enum):
    """What moves a partition to its next phase."""

    CAUGHT_UP = auto()
    PLAN = auto()
    ACKNOWLEDGE = auto()
    DELIVER = auto()
    DISPOSE = auto()
    LOSE_PLAN = auto()


TRANSITIONS = {
    (Phase.REREADING, Event.CAUGHT_UP): Phase.IDLE,
    (Phase.IDLE, Event.PLAN): Phase.PLANNED,
    (Phase.PLANNED, Event.ACKNOWLEDGE): Phase.COMMITTED,
    (Phase.COMMITTED, Event.DELIVER): Phase.DELIVERED,
    (Phase.DELIVERED, Event.DISPOSE): Phase.IDLE,
    (Phase.IDLE, Event.LOSE_PLAN): Phase.IDLE,
    (Phase.PLANNED, Event.LOSE_PLAN): Phase.IDLE,
    (Phase.COMMITTED, Event.LOSE_PLAN): Phase.IDLE,
}
UNDER_WAY = frozenset({Phase.PLANNED, Phase.COMMITTED, Phase.DELIVERED})

# With the records of the poll that passes it (500) still within a bookmark's span.
FULL_SPAN = 7_400
FULL_BYTES = 4 * 1024 * 1024

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Deliver:
    """Command: deliver this notice, then call `delivered`."""

    notice: Notice


@dataclass(slots=True)
class PartitionAlerts:
    """position: of the next fetch. It begins before what is not done (`begun`), as the records
    before are read for their ids and windows.
    """

    intake: Intake
    position: int
    phase: Phase = Phase.REREADING
    planned: frozenset[int] = NOTHING
    # Of the last fetch.
    leader_epoch: int = NO_EPOCH
    # Whether the group has to be told.
    is_changed: bool = False
    # What the bookmark knows was written in this leader epoch or before.
    begun_epoch: int = field(init=False)

    def __post_init__(self) -> None:
        self.begun_epoch = self.leader_epoch
        self.planned = self.begun.planned
        self._catch_up()

    @property
    def begun(self) -> Bookmark:
        """Where the group left off."""
        return self.intake.begun

    @property
    def backlog(self) -> Backlog:
        """What is read and not done."""
        return self.intake.backlog

    def _move(self, event: Event) -> None:
        """Enter the next phase; KeyError for an event that has no place in this one."""
        self.phase = TRANSITIONS[self.phase, event]

    # --- what is read -----------------------------------------------------------

    def accept(self, fetch: Fetch, now_ms: int) -> list[SetAside]:
        """Take over a fetch (now_ms: monotonic); `decide` is to be called next."""
        if self._is_written_after_bookmark(fetch):
            log.error("the log had lost its end and grown again", kept_below=fetch.begin)
            self.cut(fetch.begin)
        # Of the two kinds of records that a loop can read notifying asks for this one.
        records = cast("Sequence[HeadedRecord]", fetch.records)
        aside = [one for record in records if (one := self.intake.accept(record, now_ms))]
        self.position = fetch.end
        self.leader_epoch = fetch.leader_epoch
        # Of records their disposal tells the group; a hole has nothing that could be done.
        self.is_changed |= not records
        return aside

    def _is_written_after_bookmark(self, fetch: Fetch) -> bool:
        """Whether other records are where the bookmark's were.

        Nobody may have noticed the cut while the partition had no owner.
        """
        is_known = self.begun_epoch != NO_EPOCH
        return is_known and fetch.begin < self.begun.end and fetch.leader_epoch > self.begun_epoch

    def decide(self, now: Now) -> None:
        """Decide about the alerts that were read, as far as enough is known."""
        duplicates = self.intake.counts.duplicates
        self.intake.decide(now)
        self.is_changed |= self.intake.counts.duplicates > duplicates
        self._catch_up()

    def grow(self, layout: Layout) -> None:
        """Note how many partitions the topic has now."""
        self.is_changed |= layout != self.intake.layout
        self.intake.layout = layout

    def undecided_since_ms(self) -> int | None:
        """Since when (monotonic) the first undecided alert waits; None if there is none."""
        return self.backlog.undecided[0].accepted_ms if self.backlog.undecided else None

    def take_counts(self) -> Counts:
        """What was counted since the last call."""
        counts, self.intake.counts = self.intake.counts, Counts()
        return counts

    def _catch_up(self) -> None:
        """End the rereading once all is decided that the bookmark knows."""
        undecided = self.backlog.undecided
        decided = undecided[0].record.offset if undecided else self.position
        if self.phase is Phase.REREADING and decided >= self.begun.end:
            self._move(Event.CAUGHT_UP)
            self.is_changed |= self.intake.layout != self.begun.layout

    def cut(self, offset: int) -> int:
        """Forget what is at and above this offset, and go on there; how many alerts waited."""
        lost = self.backlog.cut(offset)
        is_sent = self.phase is Phase.DELIVERED
        self.intake.forget(one for one in lost if not (is_sent and one.offset in self.planned))
        self.intake.begun = self.begun.to_log_end(offset)
        self.position = min(self.position, offset)
        if max(self.planned, default=-1) >= offset and not is_sent:
            self._lose_plan()
        self._catch_up()
        self.is_changed = True
        return len(lost)

    def _lose_plan(self) -> None:
        self.planned = NOTHING
        if self.phase is not Phase.REREADING:
            self._move(Event.LOSE_PLAN)

    @property
    def is_full(self) -> bool:
        """Whether no more is to be read until some of it is sent."""
        if self.backlog.undecided_bytes > FULL_BYTES:
            return True
        is_large = self.backlog.size_bytes > FULL_BYTES
        is_long = self.position - self.offset > FULL_SPAN
        return self.phase is not Phase.REREADING and (is_large or is_long)

    # --- what is sent -----------------------------------------------------------

    def due(self, now_ms: int) -> tuple[Waiting, ...]:
        """What is to be sent now, in the order of offsets: all that a bookmark reaches, if full."""
        if not self.is_full:
            return due(self.backlog.waiting.values(), now_ms)
        reached = self.offset + SPAN_MAX
        return tuple(one for one in self.backlog.waiting.values() if one.offset < reached)

    def resume(self) -> bool:
        """Plan again what an owner before us planned, as it was; whether there is any."""
        if not self.planned <= self.backlog.waiting.keys():
            log.error("a planned notice has lost alerts: what is left of it is sent anew")
            self._lose_plan()
        if self.planned:
            # The same commit once more: it is acknowledged only to the partition's owner.
            self.plan(self.planned)
        return bool(self.planned)

    def plan(self, offsets: Iterable[int]) -> None:
        """Plan these alerts as the next notice: its commit is to be made."""
        self._move(Event.PLAN)
        self.planned = frozenset(offsets)
        self.is_changed = True

    def acknowledge(self) -> None:
        """Note that the last commit is acknowledged."""
        if self.phase is Phase.PLANNED:
            self._move(Event.ACKNOWLEDGE)

    def next_command(self) -> Deliver | None:
        """The delivery of what is planned, once its plan is acknowledged."""
        if self.phase is not Phase.COMMITTED:
            return None
        chosen = [self.backlog.waiting[offset] for offset in sorted(self.planned)]
        alerts = [decoded_alert(one.value) for one in chosen]
        found = min(one.detected_at_ms for one in chosen)
        return Deliver(notice_of([alert for alert in alerts if isinstance(alert, Alert)], found))

    def delivered(self) -> None:
        """Note the delivery; what failed is to be published, then `dispose_planned` called."""
        self._move(Event.DELIVER)

    def dispose_planned(self) -> None:
        """Note that what was planned is sent, or published elsewhere."""
        self._move(Event.DISPOSE)
        self.dispose(self.planned)
        self.planned = NOTHING

    def dispose(self, offsets: Iterable[int]) -> None:
        """Note that these are done."""
        self.backlog.remove(offsets)
        self.is_changed = True

    # --- what is committed ------------------------------------------------------

    @property
    def offset(self) -> int:
        """The first offset that is not done."""
        return self.backlog.first_offset(self.position)

    def bookmark(self) -> Bookmark:
        """For the group's commit, after the rereading."""
        backlog = self.backlog
        is_open = {*backlog.waiting, *backlog.aside, *backlog.open_undecided()}
        done = frozenset(range(self.offset, self.position)) - is_open
        return Bookmark(self.begun.topic_id, self.offset, done, self.planned, self.intake.layout)

    def commit(self) -> OffsetAndMetadata | None:
        """Command: commit this; None if the group knows it."""
        if not self.is_changed or self.phase is Phase.REREADING:
            return None
        self.is_changed = False
        bookmark = self.bookmark()
        return OffsetAndMetadata(bookmark.offset, metadata_of(bookmark), self.leader_epoch)
