"""What the models' state machines share: a step is work, or a fault of the example's theme."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, ExitStack
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

# Methods of a world, and their arguments.
Steps = Mapping[str, tuple[st.SearchStrategy[Any], ...]]


class Machine(RuleBasedStateMachine):
    """In about half of the steps members work; `begin` makes the world and chooses the faults."""

    played: ClassVar[Callable[[], AbstractContextManager[None]]]
    work: ClassVar[Steps]
    faults: ClassVar[Steps]
    world: Any

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.stack.enter_context(type(self).played())
        self.names: list[str] = []

    def choose(self, theme: Iterable[str]) -> None:
        """These faults are the example's."""
        faults = sorted(theme)
        self.names = [*faults, *list(self.work) * (len(faults) // 4 + 1)]

    @rule(data=st.data())
    def step(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(self.names))
        arguments = {**self.work, **self.faults}[name]
        getattr(self.world, name)(*data.draw(st.tuples(*arguments)))

    @invariant()
    def look(self) -> None:
        self.world.look()

    def teardown(self) -> None:
        with self.stack:
            self.world.heal()
