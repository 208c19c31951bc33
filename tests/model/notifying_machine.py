"""Everything that may happen to notices, in any order: a state machine of Hypothesis."""

from typing import get_args

from hypothesis import strategies as st
from hypothesis.stateful import initialize

from tests.model import played_kafka
from tests.model.machine import Machine, Steps
from tests.model.notifying_world import MEMBERS, World, played
from tests.notifying.played import Fault

ELSEWHERE = {"none", "commit lost", "commit unheard", "kill before done"}

members = st.integers(0, MEMBERS - 1)
partitions = st.integers(0, 4)
producers = st.integers(0, 1)
counts = st.integers(1, 4)
# Few numbers, so that alerts come twice.
numbers = st.lists(st.integers(0, 14), max_size=4)
kafka_answers = st.lists(st.sampled_from(get_args(played_kafka.Answer)), max_size=4)
# The others are answers of the played Kafka, or a kill between two turns.
faults = st.sampled_from([f for f in get_args(Fault) if f not in ELSEWHERE])
caps = st.sampled_from([None, None, 1, 4])
TEN_MINUTES_MS = 600_000

# Methods of World, and their arguments.
WORK: Steps = {
    "work": (members, producers, numbers, counts),
    "turns": (members, counts, counts),
    "append_other": (partitions, st.booleans()),
    "pass_time": (st.sampled_from([0.01, 0.7, 1.5, 30.0]),),
}
FAULTS: Steps = {
    "fail": (members, faults, counts),
    "delete": (partitions, counts),
    "cut": (partitions, counts, st.booleans()),
    "make_topic_anew": (st.booleans(),),
    "add_partition": (),
    "rebalance": (st.just(0), st.integers(0, 2), st.booleans()),
    "answer_kafka": (kafka_answers,),
    "answer_identity": (kafka_answers,),
    "take_records": (st.booleans(),),
    "evict": (members, st.booleans()),
    "tell": (members,),
    "kill": (members,),
    "stop": (members,),
    "set_clock": (members, st.sampled_from([-TEN_MINUTES_MS, 0, TEN_MINUTES_MS])),
}
# Of all faults at once each is rare, and some end the story: an example has some of them.
HANDOVERS = frozenset({"fail", "rebalance", "answer_kafka", "evict", "tell", "kill", "stop"})
GROWTH = frozenset({"add_partition", "fail", "rebalance", "evict", "tell", "set_clock", "kill"})
LOSSES = frozenset({"delete", "cut", "evict", "kill", "fail", "rebalance"})
NEW_TOPIC = frozenset({"make_topic_anew", "answer_identity", "rebalance", "fail"})
FAILURES = frozenset({"fail", "take_records", "rebalance", "kill", "stop"})
themes = st.one_of(
    st.sampled_from([frozenset(FAULTS), HANDOVERS, GROWTH, LOSSES, NEW_TOPIC, FAILURES]),
    st.sampled_from([HANDOVERS, GROWTH]),
    st.sets(st.sampled_from(sorted(FAULTS)), min_size=2),
)


class NotifyingMachine(Machine):
    """The model of notifying."""

    # The faults of each example; none: the example draws them.
    only: frozenset[str] = frozenset()

    played, work, faults = staticmethod(played), WORK, FAULTS

    @initialize(theme=themes, cap_per_minute=caps, is_layout_known=st.booleans())
    def begin(self, theme: set[str], cap_per_minute: int | None, is_layout_known: bool) -> None:
        self.world = World(cap_per_minute, is_layout_known)
        self.choose(self.only or theme)
        for index in range(MEMBERS):
            self.world.turns(index, 1, 2)
