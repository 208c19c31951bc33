"""Everything that may happen to the archive, in any order: a state machine of Hypothesis."""

from contextlib import ExitStack
from typing import Any, get_args

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.model import played_kafka, played_store
from tests.model.archive_world import GROUPS, World, played

members = st.integers(0, len(GROUPS) - 1)
partitions = st.integers(0, 2)
counts = st.integers(1, 4)
kafka_answers = st.lists(st.sampled_from(get_args(played_kafka.Answer)), max_size=4)
store_answers = st.lists(st.sampled_from(get_args(played_store.Answer)), max_size=4)
call_seconds = st.sampled_from([0.0, 1.0, 3.0])

# A method of World and its arguments.
IN_KAFKA: dict[str, tuple[st.SearchStrategy[Any], ...]] = {
    "delete": (partitions, counts),
    "cut": (partitions, counts),
    "damage": (partitions, counts),
    "make_topic_anew": (st.booleans(),),
    "add_partition": (),
    "rebalance": (st.integers(0, 1), st.integers(0, 1), st.booleans()),
    "answer_kafka": (kafka_answers,),
    "answer_identity": (kafka_answers,),
    "pass_hour": (),
    "step_clock": (),
}
IN_STORE: dict[str, tuple[st.SearchStrategy[Any], ...]] = {
    "answer_store": (store_answers, call_seconds),
    "carry_out_late": (st.integers(0, 3), st.booleans()),
    "slow_down": (members, st.booleans()),
}
TO_MEMBERS: dict[str, tuple[st.SearchStrategy[Any], ...]] = {
    "evict": (members, st.booleans()),
    "tell": (members,),
    "kill": (members,),
    "stop": (members,),
}


def happening(table: dict[str, tuple[st.SearchStrategy[Any], ...]]) -> st.SearchStrategy[Any]:
    """One of these, with its arguments."""
    return st.one_of(st.tuples(st.just(name), st.tuples(*args)) for name, args in table.items())


class ArchiveMachine(RuleBasedStateMachine):
    """Half of the steps are work, half are faults."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.stack.enter_context(played())
        self.world = World()
        for index in range(len(GROUPS)):
            self.world.turn(index, 1)

    @rule(index=members, partition=partitions, kinds=st.lists(st.booleans(), max_size=4))
    def work(self, index: int, partition: int, kinds: list[bool]) -> None:
        """A record arrives, more may, and a member reads."""
        self.world.append(partition, [True, *kinds])
        self.world.turn(index, 4)

    @rule(index=members, max_records=counts, times=counts)
    def turn(self, index: int, max_records: int, times: int) -> None:
        for _ in range(times):
            self.world.turn(index, max_records)
            self.world.look()

    @rule(index=members, which=st.integers(0, 3))
    def upload(self, index: int, which: int) -> None:
        self.world.upload(index, which)
        self.world.turn(index, 4)

    @rule(index=members)
    def flush(self, index: int) -> None:
        """What a member gathers is old enough; it is put."""
        self.world.pass_time(5.0)
        self.world.turn(index, 3)
        self.world.upload(index, 0)
        self.world.look()
        self.world.upload(index, 0)
        self.world.turn(index, 3)

    @rule(one=happening(IN_KAFKA))
    def in_kafka(self, one: tuple[str, Any]) -> None:
        self._happen(one)

    @rule(one=happening(IN_STORE))
    def in_store(self, one: tuple[str, Any]) -> None:
        self._happen(one)

    @rule(one=happening(TO_MEMBERS))
    def to_members(self, one: tuple[str, Any]) -> None:
        self._happen(one)

    def _happen(self, one: tuple[str, Any]) -> None:
        name, args = one
        getattr(self.world, name)(*args)

    @invariant()
    def look(self) -> None:
        self.world.look()

    def teardown(self) -> None:
        with self.stack:
            self.world.heal()
