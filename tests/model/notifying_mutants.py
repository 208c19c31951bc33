"""Small wrong versions of notifying's core, each with one rule left out. The model finds each.

A mutant that one kind of fault shows is tried under that kind alone: it needs fewer examples.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from services.notifying.bookmark import NOTHING, Bookmark
from services.notifying.copies import Copies
from services.notifying.deduplication import FirstCopies, IdMemory
from services.notifying.intake import Intake
from services.notifying.partition import PartitionAlerts
from services.notifying.worker import NotifyingWorker
from services.stream.reliable_producer import Publication
from tests.model.mutation import Mutant
from tests.model.notifying_machine import NotifyingMachine

plan, bookmark, add = PartitionAlerts.plan, PartitionAlerts.bookmark, IdMemory.add


def _add_as_new(self: IdMemory, digest: int, timestamp_ms: int) -> bool:
    add(self, digest, timestamp_ms)
    return True


def _always(*_: Any) -> bool:
    return True


def _never(*_: Any) -> bool:
    return False


def _plan_unheard(self: PartitionAlerts, offsets: Iterable[int]) -> None:
    plan(self, offsets)
    self.acknowledge()


def _planned_is_done(self: PartitionAlerts) -> Bookmark:
    found = bookmark(self)
    return replace(found, done=found.done | found.planned, planned=NOTHING)


def _commit_positions(self: PartitionAlerts) -> Bookmark:
    return replace(bookmark(self), offset=self.position, done=NOTHING, planned=NOTHING)


def _forget_plan(self: PartitionAlerts) -> bool:
    self.planned = NOTHING
    return False


def _do_nothing(*_: Any) -> None:
    pass


def _drain_and_keep(self: NotifyingWorker, partitions: Any, seconds: float) -> Any:
    self._collect(seconds)
    return self._commits(partitions)


class Kills(NotifyingMachine):
    """Members that are killed."""

    only = frozenset({"fail", "kill"})


class Growth(NotifyingMachine):
    """A topic that grows while members come and go."""

    only = frozenset({"add_partition", "rebalance", "kill"})


class Cuts(NotifyingMachine):
    """Logs that lose their end."""

    only = frozenset({"cut"})


class CutsAndKills(NotifyingMachine):
    """Logs that lose their end while nobody owns them."""

    only = frozenset({"cut", "kill"})


Replaced = tuple[Any, str, Callable[..., Any]]


def mutant(title: str, *replaced: Replaced, machine: Any = NotifyingMachine) -> Mutant:
    """A mutant that notifying's model has to find."""
    return Mutant(title, replaced, machine)


NOTIFYING_MUTANTS = [
    mutant("the memory of ids is forgotten", (IdMemory, "add", _add_as_new)),
    mutant("a notice is sent before its plan is known", (PartitionAlerts, "plan", _plan_unheard)),
    mutant("a notice is done before it is sent", (PartitionAlerts, "bookmark", _planned_is_done)),
    mutant("what is read counts as done", (PartitionAlerts, "bookmark", _commit_positions)),
    mutant(
        "the plan of an owner before is forgotten",
        (PartitionAlerts, "resume", _forget_plan),
        machine=Kills,
    ),
    mutant("a failure is done before Kafka has it", (Publication, "wait", _always)),
    mutant(
        "copies in other partitions do not count",
        (FirstCopies, "is_first", _always),
        machine=Growth,
    ),
    mutant("copies are decided about at once", (Copies, "is_decidable", _always), machine=Growth),
    mutant("a cut alert stays in the memory of ids", (Intake, "forget", _do_nothing), machine=Cuts),
    mutant(
        "a bookmark of records that were cut is trusted",
        (PartitionAlerts, "_is_written_after_bookmark", _never),
        machine=CutsAndKills,
    ),
    mutant("partitions outlive their topic", (NotifyingWorker, "_drop_others", _do_nothing)),
    mutant("drained partitions are kept", (NotifyingWorker, "drain", _drain_and_keep)),
]
