"""Everything that may happen to the archive, in any order: a state machine of Hypothesis."""

from contextlib import ExitStack
from typing import Any, get_args

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.model import played_kafka, played_store
from tests.model.archive_world import GROUPS, World, played

members = st.integers(0, len(GROUPS) - 1)
partitions = st.integers(0, 1)
counts = st.integers(1, 4)
# A record or a hole.
kinds = st.lists(st.sampled_from([True, True, False]), min_size=1, max_size=5)
kafka_answers = st.lists(st.sampled_from(get_args(played_kafka.Answer)), max_size=4)
# A start makes a dozen calls: faults in the midst of them.
store_answers = st.lists(
    st.sampled_from([*["ok"] * 6, *get_args(played_store.Answer)]), max_size=16
)
call_seconds = st.sampled_from([0.0, 1.0, 3.0])

# Methods of World, and their arguments.
WORK: dict[str, tuple[st.SearchStrategy[Any], ...]] = {
    "work": (members, partitions, kinds, counts),
    "turns": (members, counts, counts),
    "answer": (members, st.integers(0, 3)),
    "flush": (members,),
}
FAULTS: dict[str, tuple[st.SearchStrategy[Any], ...]] = {
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
    "answer_store": (store_answers, call_seconds),
    "carry_out_late": (st.integers(0, 3), st.booleans()),
    "overtake_decision": (counts,),
    "slow_down": (members, st.booleans()),
    "evict": (members, st.booleans()),
    "tell": (members,),
    "kill": (members,),
    "stop": (members,),
}
# Of all faults at once each is rare, and some end the story: an example has some of them.
RETENTION = frozenset({"delete", "pass_hour", "evict", "answer_store", "kill"})
LATE_PUTS = frozenset({"answer_store", "carry_out_late", "rebalance", "evict", "slow_down", "tell"})
NEW_TOPIC = frozenset({"make_topic_anew", "answer_identity", "rebalance", "slow_down", "evict"})
DECISIONS = frozenset({"delete", "evict", "overtake_decision"})
CUTS = frozenset({"cut", "evict", "kill", "carry_out_late", "answer_store"})
themes = st.one_of(
    st.sampled_from([frozenset(FAULTS), LATE_PUTS, NEW_TOPIC, CUTS, DECISIONS]),
    st.just(RETENTION),
    st.sets(st.sampled_from(sorted(FAULTS)), min_size=2),
)


class ArchiveMachine(RuleBasedStateMachine):
    """In about half of the steps members work, the others are faults of the example's theme."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.stack.enter_context(played())
        self.world = World()
        self.names: list[str] = []

    @initialize(theme=themes, call_seconds=call_seconds)
    def begin(self, theme: set[str], call_seconds: float) -> None:
        faults = sorted(theme)
        self.names = [*faults, *list(WORK) * (len(faults) // 4 + 1)]
        for index in range(len(GROUPS)):
            self.world.turns(index, 1, 1)
        self.world.answer_store((), call_seconds)

    @rule(data=st.data())
    def step(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(self.names))
        getattr(self.world, name)(*data.draw(st.tuples(*(WORK | FAULTS)[name])))

    @invariant()
    def look(self) -> None:
        self.world.look()

    def teardown(self) -> None:
        with self.stack:
            self.world.heal()
