"""Everything that may happen to the archive, in any order: a state machine of Hypothesis."""

from typing import get_args

from hypothesis import strategies as st
from hypothesis.stateful import initialize

from tests.model import played_kafka, played_store
from tests.model.archive_world import GROUPS, World, played
from tests.model.machine import Machine, Steps

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
WORK: Steps = {
    "work": (members, partitions, kinds, counts),
    "turns": (members, counts, counts),
    "answer": (members, st.integers(0, 3)),
    "flush": (members,),
}
FAULTS: Steps = {
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


class ArchiveMachine(Machine):
    """The model of archiving."""

    played, work, faults = staticmethod(played), WORK, FAULTS

    @initialize(theme=themes, call_seconds=call_seconds)
    def begin(self, theme: set[str], call_seconds: float) -> None:
        self.world = World()
        self.choose(theme)
        for index in range(len(GROUPS)):
            self.world.turns(index, 1, 1)
        self.world.answer_store((), call_seconds)
