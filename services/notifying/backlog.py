"""What of one partition is not done: alerts that wait or are undecided, and records set aside."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from services.notifying.choosing import Waiting
from services.reports.alert import Alert
from services.stream.headed import HeadedRecord


@dataclass(frozen=True, slots=True)
class Undecided:
    """An alert that may be a copy of another one; `accepted_ms`: when it was read (monotonic).

    is_done: it was sent, or known as a copy, by an owner before us. is_displaced: its key would put
    it into another partition.
    """

    record: HeadedRecord
    alert: Alert
    accepted_ms: int
    is_done: bool
    is_displaced: bool


@dataclass(slots=True)
class Backlog:
    """By offset, each in the order of the log. `aside`: bytes of what is no alert."""

    undecided: deque[Undecided] = field(default_factory=deque)
    waiting: dict[int, Waiting] = field(default_factory=dict)
    aside: dict[int, int] = field(default_factory=dict)
    size_bytes: int = 0
    undecided_bytes: int = 0
    # When the first one is due; None when it has to be looked up.
    first_due_ms: int | None = None

    def put_undecided(self, one: Undecided) -> None:
        """Keep an alert until it can be decided about."""
        self.undecided.append(one)
        self.undecided_bytes += len(one.record.value or b"")

    def take_undecided(self) -> Undecided:
        """Remove the first undecided alert and return it."""
        one = self.undecided.popleft()
        self.undecided_bytes -= len(one.record.value or b"")
        return one

    def put_waiting(self, one: Waiting) -> None:
        """Keep an alert until it is due."""
        self.waiting[one.offset] = one
        self.size_bytes += len(one.value)
        if self.first_due_ms is not None:
            self.first_due_ms = min(self.first_due_ms, one.due_ms)

    def put_aside(self, offset: int, size_bytes: int) -> None:
        """Keep a place until its record is published elsewhere."""
        self.aside[offset] = size_bytes
        self.size_bytes += size_bytes

    def remove(self, offsets: Iterable[int]) -> None:
        """Forget what waits, or was set aside, at these offsets."""
        for offset in offsets:
            self.size_bytes -= self.aside.pop(offset, 0)
            done = self.waiting.pop(offset, None)
            self.size_bytes -= len(done.value) if done else 0
        self.first_due_ms = None

    def cut(self, offset: int) -> tuple[Waiting, ...]:
        """Forget everything at and above this offset; what waited there."""
        while self.undecided and self.undecided[-1].record.offset >= offset:
            self.undecided_bytes -= len(self.undecided.pop().record.value or b"")
        lost = tuple(one for one in self.waiting.values() if one.offset >= offset)
        self.remove([one.offset for one in lost])
        self.remove([at for at in self.aside if at >= offset])
        return lost

    def due_ms(self) -> int | None:
        """When the first of the waiting alerts is due; None if none waits."""
        if self.first_due_ms is None and self.waiting:
            self.first_due_ms = min(one.due_ms for one in self.waiting.values())
        return self.first_due_ms

    def open_undecided(self) -> Iterator[int]:
        """The offsets of undecided alerts that are not done."""
        return (one.record.offset for one in self.undecided if not one.is_done)

    def first_offset(self, position: int) -> int:
        """The first offset that is not done."""
        firsts = (iter(self.waiting), iter(self.aside), self.open_undecided())
        return min(next(offsets, position) for offsets in firsts)
