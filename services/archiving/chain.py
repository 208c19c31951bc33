"""One partition on its way into the archive, as a state machine without I/O.

Every object begins where the one before it ended, so the chain has no hole by construction. One
put at a time; how it ended is an event. The worker executes the commands.

    phase     event        next
    RESTING   a due object PUT_DUE     (sealed, and its topic is confirmed)
    PUT_DUE   time         PUTTING     command Put
    PUTTING   Created      RESTING     the chain ends where the object ends
    PUTTING   Taken        LOOK_DUE    another put of this name was first
    PUTTING   Unclear      LOOK_DUE    after a while
    LOOK_DUE  time         LOOKING     command Look
    LOOKING   Found        RESTING     the chain ends where that object ends: it is followed
    LOOKING   Absent       PUT_DUE     after a while
    LOOKING   Unclear      LOOK_DUE    after a while
    LOOKING   Unreadable   LOOK_DUE    after a longer while; the partition is stuck meanwhile
"""

import itertools
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from services.archiving.footer import Footer
from services.archiving.limits import FlushLimits, is_due
from services.archiving.naming import ObjectStart, arrival_hour
from services.archiving.object_builder import FinishedObject, ObjectBuilder, shortened
from services.stream.worker import NO_EPOCH, Fetch, Record

BACKOFF_SECONDS = 0.2
BACKOFF_MAX_SECONDS = 5.0
LOOK_AGAIN_SECONDS = 30.0
# 2000-01-01: no broker stamped a record before.
EARLIEST_HOUR = 262_968


class Phase(Enum):
    """Where a partition stands with the store."""

    RESTING = auto()
    PUT_DUE = auto()
    PUTTING = auto()
    LOOK_DUE = auto()
    LOOKING = auto()


@dataclass(frozen=True, slots=True)
class Created:
    """The store has the object, whole."""


@dataclass(frozen=True, slots=True)
class Taken:
    """The name belongs to another object."""


@dataclass(frozen=True, slots=True)
class Unclear:
    """The store did not answer, or not clearly: the object may exist by now, or later."""

    cause: str


@dataclass(frozen=True, slots=True)
class Absent:
    """No object has the name."""


@dataclass(frozen=True, slots=True)
class Found:
    """The footer of the object that has the name."""

    footer: Footer


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What has the name is no object of this chain."""

    cause: str


class StrangeArrivalError(Exception):
    """Records have an arrival that cannot be true; str() is the offset they begin at."""


Event = Created | Taken | Unclear | Absent | Found | Unreadable


@dataclass(frozen=True, slots=True)
class Put:
    """Create the object."""

    finished: FinishedObject


@dataclass(frozen=True, slots=True)
class Look:
    """Read the footer of whatever has the name."""

    start: ObjectStart


Command = Put | Look

TRANSITIONS: dict[tuple[Phase, type[Event]], Phase] = {
    (Phase.PUTTING, Created): Phase.RESTING,
    (Phase.PUTTING, Taken): Phase.LOOK_DUE,
    (Phase.PUTTING, Unclear): Phase.LOOK_DUE,
    (Phase.LOOKING, Found): Phase.RESTING,
    (Phase.LOOKING, Absent): Phase.PUT_DUE,
    (Phase.LOOKING, Unclear): Phase.LOOK_DUE,
    (Phase.LOOKING, Unreadable): Phase.LOOK_DUE,
}
COMMANDS = {Phase.PUT_DUE: Phase.PUTTING, Phase.LOOK_DUE: Phase.LOOKING}


@dataclass(slots=True, eq=False)
class ChainWriter:
    """The chain of one partition of one topic id; times are monotonic seconds.

    position: everything below is in the archive, in the builder or in the queue.
    end: the end of the chain in the archive, as far as this writer knows.
    end_epoch: the leader epoch of what is last before `end`.
    verified: records below it were read before the topic's id was confirmed.
    """

    topic_id: str
    partition: int
    position: int
    end_epoch: int = NO_EPOCH
    end: int = field(init=False)
    verified: int = field(init=False)
    builder: ObjectBuilder | None = None
    queue: deque[FinishedObject] = field(default_factory=deque)
    phase: Phase = Phase.RESTING
    not_before_seconds: float = 0.0
    backoff_seconds: float = BACKOFF_SECONDS
    # Nothing more is accepted: an unreadable object, looked at again and again; or for good.
    stuck_because: str | None = None
    stopped_because: str | None = None
    # Another object covers the same positions with records of another leader: the log was cut.
    has_diverged: bool = False

    def __post_init__(self) -> None:
        self.end = self.verified = self.position

    # --- memory ---------------------------------------------------------------

    @property
    def growing_bytes(self) -> int:
        """Memory of the growing object."""
        return self.builder.memory_bytes if self.builder else 0

    @property
    def queued_bytes(self) -> int:
        """Memory of the objects that wait for the store."""
        return sum(len(finished.content) for finished in self.queue)

    @property
    def is_held(self) -> bool:
        """Whether nothing more may be accepted."""
        return bool(self.stuck_because or self.stopped_because)

    @property
    def is_troubled(self) -> bool:
        """Whether the last answer of the store was not clear."""
        return self.backoff_seconds > BACKOFF_SECONDS or bool(self.stuck_because)

    @property
    def is_busy(self) -> bool:
        """Whether something waits for the store, or is on its way there."""
        return self.phase is not Phase.RESTING or bool(self.queue)

    @property
    def oldest_ms(self) -> int | None:
        """Arrival of the oldest record that is not archived yet, as far as it was read."""
        if self.queue:
            return self.queue[0].oldest_ms
        return self.builder.oldest_ms if self.builder else None

    # --- reading --------------------------------------------------------------

    def accept(self, fetch: Fetch, now_seconds: float, latest_hour: int) -> None:
        """Add a fetch that begins at the position.

        ValueError if it begins anywhere else; StrangeArrivalError, and nothing is added, if it
        holds an arrival before EARLIEST_HOUR or after `latest_hour`.
        """
        if fetch.begin != self.position:
            raise ValueError(f"a fetch at {fetch.begin}, but the chain stands at {self.position}")
        runs = runs_by_hour(fetch)
        strange = [hour for hour, *_ in runs if not EARLIEST_HOUR <= hour <= latest_hour]
        if strange:
            raise StrangeArrivalError(fetch.begin)
        for hour, end, records in runs:
            self._cover(hour, end, fetch, now_seconds)
            self._append(records)

    def _cover(self, hour: int, end: int, fetch: Fetch, now_seconds: float) -> None:
        """Grow the object of this hour to `end`, or begin one at the position."""
        if self.builder is not None and self.builder.start.hour != hour:
            self.seal()
        if self.builder is None:
            start = ObjectStart(self.topic_id, self.partition, self.position, hour)
            self.builder = ObjectBuilder(start, fetch.timestamp, now_seconds)
        self.builder.end, self.builder.end_epoch = end, fetch.leader_epoch
        self.position = end

    def _append(self, records: Sequence[Record]) -> None:
        if self.builder is not None and records:
            self.builder.append(records)

    def seal(self) -> None:
        """End the growing object, if any, and queue it."""
        if self.builder:
            self.queue.append(self.builder.finish())
            self.builder = None

    def seal_if_due(self, now_seconds: float, limits: FlushLimits) -> None:
        """Seal when the object is large or old enough."""
        builder = self.builder
        if builder and is_due(builder.raw_bytes, now_seconds - builder.opened_at_seconds, limits):
            self.seal()

    def note_verified(self) -> None:
        """The topic's id is confirmed: what was read up to now is of this topic."""
        self.verified = self.position

    def shorten_to_verified(self) -> None:
        """Forget the records that may be of another topic of this name."""
        self.seal()
        shorter = [shortened(finished, self.verified) for finished in self.queue]
        self.queue = deque(finished for finished in shorter if finished)

    # --- the store ------------------------------------------------------------

    def step(self, now_seconds: float) -> Command | None:
        """The next command that is due; its outcome must be given to `on_event`."""
        if self.phase is Phase.RESTING and self.queue and self.queue[0].end <= self.verified:
            self.phase = Phase.PUT_DUE
        if self.phase not in COMMANDS or now_seconds < self.not_before_seconds:
            return None
        is_put = self.phase is Phase.PUT_DUE
        self.phase = COMMANDS[self.phase]
        head = self.queue[0]
        return Put(head) if is_put else Look(head.start)

    def on_event(self, event: Event, now_seconds: float) -> None:
        """Go on after a command's outcome; KeyError if no command awaits it."""
        self.phase = TRANSITIONS[self.phase, type(event)]
        match event:
            case Created():
                self._advance(self.queue[0].end, self.queue[0].end_epoch)
            case Found(footer):
                self._advance(footer.end, footer.end_epoch)
            case Taken():
                self.not_before_seconds = now_seconds
            case Unreadable(cause):
                self.stuck_because = cause
                self.not_before_seconds = now_seconds + LOOK_AGAIN_SECONDS
            case Unclear() | Absent():
                self.not_before_seconds = now_seconds + self.backoff_seconds
                self.backoff_seconds = min(2 * self.backoff_seconds, BACKOFF_MAX_SECONDS)

    def _advance(self, end: int, end_epoch: int) -> None:
        """The chain ends there: what is gathered follows it, or is read again from there."""
        gathered = [(one.end, one.end_epoch) for one in self.queue]
        if self.builder:
            gathered.append((self.builder.end, self.builder.end_epoch))
        self.has_diverged = any(
            own_end == end and is_other_epoch(end_epoch, own_epoch)
            for own_end, own_epoch in gathered
        )
        head = self.queue.popleft()
        self.end, self.end_epoch = end, end_epoch
        self.stuck_because = None
        self.not_before_seconds, self.backoff_seconds = 0.0, BACKOFF_SECONDS
        if end != head.end:
            self.queue.clear()
            self.builder = None
            self.position = self.verified = end


def is_other_epoch(one: int, other: int) -> bool:
    """Whether two leader epochs are known and differ."""
    return NO_EPOCH not in (one, other) and one != other


def runs_by_hour(fetch: Fetch) -> list[tuple[int, int, Sequence[Record]]]:
    """The fetch in stretches of one hour of arrival: hour, end, records.

    The hour of a stretch is that of what is at its beginning, so that an object's name follows
    from its beginning alone. A hole behind a record belongs to it.
    """
    by_hour = itertools.groupby(fetch.records, lambda record: arrival_hour(record.timestamp))
    runs = [(hour, list(records)) for hour, records in by_hour]
    first_hour = arrival_hour(fetch.timestamp)
    if not runs or runs[0][0] != first_hour:
        runs.insert(0, (first_hour, []))
    ends = [records[0].offset for _, records in runs[1:]] + [fetch.end]
    return [(hour, end, records) for (hour, records), end in zip(runs, ends, strict=True)]
