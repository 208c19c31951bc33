"""What a component does with records: the loop calls it, alerting and archiving are it.

All calls but `settle` and `drop` come from the loop's thread; those two come from the client's
I/O thread while the loop waits in poll, so a worker never runs in two threads at once.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Protocol

from kafka.structs import OffsetAndMetadata

Commits = Mapping[int, OffsetAndMetadata]


class Record(Protocol):
    """One record as Kafka gave it; timestamp in ms since the epoch."""

    @property
    def offset(self) -> int: ...  # noqa: D102
    @property
    def timestamp(self) -> int: ...  # noqa: D102
    @property
    def key(self) -> bytes | None: ...  # noqa: D102
    @property
    def value(self) -> bytes | None: ...  # noqa: D102


class NotNow(Exception):  # noqa: N818 - a state of what we depend on, not an error of ours
    """Something the worker depends on is away; ask again later. str() names it."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What the worker wants after a turn; keys are partitions of its topic."""

    commits: Commits = field(default_factory=dict)
    seeks: Mapping[int, int] = field(default_factory=dict)
    paused: Set[int] = frozenset()
    restarted: Set[int] = frozenset()
    # Come back soon, records or not: there is more to do once the commits are acknowledged.
    is_pressed: bool = False


class Worker(Protocol):
    """services.alerting.worker, services.archiving.worker, and the two of services.notifying."""

    def begin(self, partition: int, committed: OffsetAndMetadata | None, log_start: int) -> int:
        """The offset to read a newly assigned partition from; NotNow to be asked again."""
        ...

    def take(self, partition: int, records: Sequence[Record]) -> None:
        """Accept records, in order; does not wait for Kafka or a store."""
        ...

    def turn(self) -> Turn:
        """Called after every poll: what is done, what is to be read next."""
        ...

    def committed(self, partitions: Set[int]) -> None:
        """The last commits that `turn` gave for these are acknowledged: the group is still ours."""
        ...

    def settle(self, partitions: Set[int], deadline_seconds: float) -> Commits:
        """Finish everything of these partitions within the deadline, forget the rest of it."""
        ...

    def drop(self, partitions: Set[int]) -> None:
        """Forget these partitions: another member owns them already."""
        ...

    def close(self) -> None:
        """Let go of what the worker holds; nothing is called after it."""
        ...
