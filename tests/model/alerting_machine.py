"""Everything that may happen to alerting, in any order: a state machine of Hypothesis."""

from typing import get_args

from hypothesis import strategies as st
from hypothesis.stateful import initialize

from tests.model import played_client, played_kafka
from tests.model.alerting_world import GROUPS, AlertingWorld, Kind, played
from tests.model.machine import Machine, Steps

members = st.integers(0, len(GROUPS) - 1)
partitions = st.integers(0, 1)
counts = st.integers(1, 4)
kinds = st.lists(st.sampled_from(get_args(Kind)), min_size=1, max_size=4)
kafka_answers = st.lists(st.sampled_from(get_args(played_kafka.Answer)), max_size=4)
send_answers = st.lists(st.sampled_from(get_args(played_client.SendAnswer)), max_size=8)

# Methods of AlertingWorld, and their arguments.
WORK: Steps = {
    "work": (members, partitions, kinds, counts),
    "turns": (members, counts, counts),
    "answer": (members, st.integers(0, 3)),
    "pass_time": (st.sampled_from([1.0, 2.0]),),
}
FAULTS: Steps = {
    "delete": (partitions, counts),
    "cut": (partitions, counts),
    "damage": (partitions, counts),
    "add_partition": (),
    "rebalance": (st.just(0), st.integers(0, 1), st.booleans()),
    "answer_kafka": (kafka_answers,),
    "answer_sends": (send_answers,),
    "slow_down": (members, st.booleans()),
    "evict": (members, st.booleans()),
    "tell": (members,),
    "kill": (members,),
    "stop": (members,),
}
themes = st.one_of(
    st.sampled_from([frozenset(FAULTS), frozenset({"answer_sends", "kill", "rebalance"})]),
    st.sets(st.sampled_from(sorted(FAULTS)), min_size=2),
)


class AlertingMachine(Machine):
    """The model of alerting."""

    played, work, faults = staticmethod(played), WORK, FAULTS

    @initialize(theme=themes)
    def begin(self, theme: set[str]) -> None:
        self.world = AlertingWorld()
        self.choose(theme)
        for index in range(len(GROUPS)):
            self.world.turns(index, 1, 1)
