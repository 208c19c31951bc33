"""Everything that may happen to the archive, in any order: a state machine of Hypothesis."""

from contextlib import ExitStack
from typing import get_args

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.model import played_kafka, played_store
from tests.model.archive_world import GROUPS, World, played

members = st.integers(0, len(GROUPS) - 1)
partitions = st.integers(0, 2)
counts = st.integers(1, 4)
kafka_answers = st.lists(st.sampled_from(get_args(played_kafka.Answer)), max_size=4)
store_answers = st.lists(st.sampled_from(get_args(played_store.Answer)), max_size=4)


class ArchiveMachine(RuleBasedStateMachine):
    """Each rule is one step of one part."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.stack.enter_context(played())
        self.world = World()

    @rule(partition=partitions, kinds=st.lists(st.booleans(), min_size=1, max_size=5))
    def append(self, partition: int, kinds: list[bool]) -> None:
        self.world.append(partition, kinds)

    @rule(partition=partitions, count=counts)
    def append_records(self, partition: int, count: int) -> None:
        self.world.append(partition, [True] * count)

    @rule(index=members, max_records=counts)
    def turn(self, index: int, max_records: int) -> None:
        self.world.turn(index, max_records)

    @rule(index=members, max_records=counts, times=counts)
    def turns(self, index: int, max_records: int, times: int) -> None:
        for _ in range(times):
            self.world.turn(index, max_records)
            self.world.look()

    @rule(index=members, which=st.integers(0, 3))
    def upload(self, index: int, which: int) -> None:
        self.world.upload(index, which)

    @rule(index=members)
    def flush(self, index: int) -> None:
        """The growing objects are old enough; they are put."""
        self.world.pass_time(5.0)
        self.world.turn(index, 3)
        self.world.upload(index, 0)
        self.world.turn(index, 3)

    @rule(partition=partitions, count=counts)
    def delete(self, partition: int, count: int) -> None:
        self.world.delete(partition, count)

    @rule(partition=partitions, count=counts)
    def cut(self, partition: int, count: int) -> None:
        self.world.cut(partition, count)

    @rule(partition=partitions, back=counts)
    def damage(self, partition: int, back: int) -> None:
        self.world.damage(partition, back)

    @rule(keeps_offsets=st.booleans())
    def make_topic_anew(self, keeps_offsets: bool) -> None:
        self.world.make_topic_anew(keeps_offsets)

    @rule()
    def add_partition(self) -> None:
        self.world.add_partition()

    @rule(group=st.integers(0, 1), shift=st.integers(0, 1), is_noticed=st.booleans())
    def rebalance(self, group: int, shift: int, is_noticed: bool) -> None:
        self.world.rebalance(group, shift, is_noticed)

    @rule(answers=kafka_answers)
    def answer_kafka(self, answers: list[played_kafka.Answer]) -> None:
        self.world.answer_kafka(answers)

    @rule(answers=kafka_answers)
    def answer_identity(self, answers: list[played_kafka.Answer]) -> None:
        self.world.answer_identity(answers)

    @rule(answers=store_answers, call_seconds=st.sampled_from([0.0, 1.0, 3.0]))
    def answer_store(self, answers: list[played_store.Answer], call_seconds: float) -> None:
        self.world.answer_store(answers, call_seconds)

    @rule(index=st.integers(0, 3), lands=st.booleans())
    def carry_out_late(self, index: int, lands: bool) -> None:
        self.world.carry_out_late(index, lands)

    @rule(index=members, is_slow=st.booleans())
    def slow_down(self, index: int, is_slow: bool) -> None:
        self.world.slow_down(index, is_slow)

    @rule(index=members, is_deaf=st.booleans())
    def evict(self, index: int, is_deaf: bool) -> None:
        self.world.evict(index, is_deaf)

    @rule(index=members)
    def tell(self, index: int) -> None:
        self.world.tell(index)

    @rule(index=members)
    def kill(self, index: int) -> None:
        self.world.kill(index)

    @rule(index=members)
    def stop(self, index: int) -> None:
        self.world.stop(index)

    @rule(seconds=st.sampled_from([1.0, 5.0, 31.0]))
    def pass_time(self, seconds: float) -> None:
        self.world.pass_time(seconds)

    @rule()
    def pass_hour(self) -> None:
        self.world.pass_hour()

    @rule()
    def step_clock(self) -> None:
        self.world.step_clock()

    @invariant()
    def look(self) -> None:
        self.world.look()

    def teardown(self) -> None:
        with self.stack:
            self.world.heal()
