"""The contract between ConsumerLoop and the components' workers.

Positions: a fetch covers its partition from `begin` to `end`, holes included. The worker owns each
partition's position; the loop hands over a fetch only if it begins exactly there, and makes the
consumer follow whenever the position changes. So nothing that was read before a jump can be
accepted after it.

All calls but `drain` and `drop` come from the loop's thread. Those two may also come from the
client's I/O thread while the loop waits in poll, so a worker never runs in two threads at once.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Protocol

from kafka.structs import OffsetAndMetadata
from msgspec import Struct

from services.reports.codec import Oversize

Commits = Mapping[int, OffsetAndMetadata]
NO_EPOCH = -1


def epoch_before(position: int, *known: OffsetAndMetadata | None) -> int:
    """The leader epoch of what is last before the position, by which Kafka finds a cut.

    The first of those known that are of this position says it; NO_EPOCH if none is.
    """
    epochs = (int(one.leader_epoch) for one in known if one and one.offset == position)
    return next(epochs, NO_EPOCH)


class Record(Protocol):
    """One record as Kafka gave it; timestamp in ms since the epoch.

    Of a value larger than a report may be, `value` is the beginning and `oversize` tells of it all.
    """

    @property
    def offset(self) -> int: ...  # noqa: D102
    @property
    def timestamp(self) -> int: ...  # noqa: D102
    @property
    def key(self) -> bytes | None: ...  # noqa: D102
    @property
    def value(self) -> bytes | None: ...  # noqa: D102
    @property
    def oversize(self) -> Oversize | None: ...  # noqa: D102


class Fetch(Struct, frozen=True, gc=False):
    """The part of one partition's log from `begin` up to, without, `end`.

    Offsets without a record (control records, aborted transactions, compaction) are inside.
    `timestamp` is the arrival (ms since the epoch) of what is at `begin`, record or hole.
    `leader_epoch` is that of all that the fetch covers.
    `unreadable` says why nothing can be read at `end`; None if reading can go on there.
    """

    partition: int
    begin: int
    records: Sequence[Record]
    end: int
    timestamp: int = -1
    leader_epoch: int = NO_EPOCH
    unreadable: str | None = None


@dataclass(frozen=True, slots=True)
class LogRange:
    """The offsets that a partition's log holds: from `start` up to, without, `end`."""

    start: int
    end: int


class NotNow(Exception):  # noqa: N818 - a state of what we depend on, not an error of ours
    """Something the worker depends on is away; ask again later. str() names it."""


@dataclass(frozen=True, slots=True)
class Actions:
    """The result of a worker's step; partitions of its topic.

    `poll_immediately`: more is to be done once the commits are acknowledged, records or not.
    """

    commits: Commits = field(default_factory=dict)
    paused: Set[int] = frozenset()
    poll_immediately: bool = False


class Worker(Protocol):
    """Callbacks made by ConsumerLoop. Implemented by alerting, archiving, notifying and website."""

    def start_offset(
        self, partition: int, committed: OffsetAndMetadata | None, log: LogRange
    ) -> int:
        """Take over a partition and return its position; NotNow to be asked again."""
        ...

    def position(self, partition: int) -> int | None:
        """Where the partition's next fetch must begin; None to be asked for `start_offset`."""
        ...

    def accept(self, fetch: Fetch) -> None:
        """Take over a fetch that begins at the position; never waits for Kafka or a store."""
        ...

    def step(self) -> Actions:
        """Go on with the work; called after every poll."""
        ...

    def on_committed(self, partitions: Set[int]) -> None:
        """Note that the last commits of these partitions are acknowledged."""
        ...

    def on_log_cut(self, partition: int, offset: int) -> None:
        """Handle the loss of the log's end: what was read at `offset` and above is gone.

        Called for a partition that has a position.
        Afterwards `position` is where to go on, or the partition is paused for good.
        """
        ...

    def drain(self, partitions: Set[int], deadline_seconds: float) -> Commits:
        """Finish the work of these partitions within the deadline, then forget them."""
        ...

    def drop(self, partitions: Set[int]) -> None:
        """Forget these partitions: another member owns them already."""
        ...

    def close(self) -> None:
        """Release what the worker holds; nothing is called after it."""
        ...
