"""A wrong version of the core, and which seed of its model finds it."""

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from hypothesis.stateful import RuleBasedStateMachine

from tests.model.archive_machine import ArchiveMachine
from tests.model.running import failure_of


@dataclass(frozen=True, slots=True)
class Mutant:
    """A rule that is left out: what is replaced, by what."""

    title: str
    replaced: tuple[tuple[Any, str, Callable[..., Any]], ...]
    # The model that has to find it.
    machine: type[RuleBasedStateMachine] = ArchiveMachine

    def applied(self) -> AbstractContextManager[None]:
        """The core is wrong as long as this lasts."""
        return _applied(self)


@contextmanager
def _applied(mutant: Mutant) -> Any:
    with ExitStack() as stack:
        for owner, name, wrong in mutant.replaced:
            stack.enter_context(patch.object(owner, name, wrong))
        yield


def caught_by(mutant: Mutant, seeds: range) -> tuple[int, str] | None:
    """The first seed whose run of the model fails, and how; None if all pass."""
    for seed in seeds:
        with mutant.applied():
            failure = failure_of(mutant.machine, seed)
        if failure is not None:
            return seed, failure
    return None
