"""What may happen to any consumer's processes and to the Kafka that they read; played."""

import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from services.runtime.health import Health
from services.stream.loop import ConsumerLoop
from tests.model import played_kafka
from tests.model.clock import Clock
from tests.model.played_consumer import TOPIC, PlayedConsumer
from tests.model.played_kafka import PlayedGroup, PlayedKafka, PlayedLog, PlayedTopic

ROUNDS = 80


@dataclass(slots=True)
class Member:
    """One process; `under_way` are its calls without an answer yet, if it makes such calls."""

    group: PlayedGroup
    consumer: PlayedConsumer
    worker: Any
    loop: ConsumerLoop
    under_way: Any = None


class Stage(ABC):
    """One topic and groups of members; `groups` has the group's number of each member."""

    partitions_max: ClassVar[int] = 3

    def __init__(self, groups: Sequence[int]) -> None:
        self.groups = groups
        self.clock = Clock()
        topic = PlayedTopic(topic_id(0), [PlayedLog(), PlayedLog()])
        self.kafka = PlayedKafka(self.clock, topic)
        self.kafka.groups = [PlayedGroup(self.kafka) for _ in set(groups)]
        self.members: list[Member] = []

    @abstractmethod
    def hire(self, number: int) -> Member:
        """Start a process that joins the group of this number."""

    def begun(self, consumer: PlayedConsumer, worker: Any) -> ConsumerLoop:
        """A loop that has asked to join its group."""
        health = Health(self.clock.monotonic, self.clock.now_seconds)
        loop = ConsumerLoop(consumer, TOPIC, worker, health, threading.Event())  # type: ignore[arg-type]
        loop.subscribe()
        return loop

    @abstractmethod
    def value(self, kind: Any) -> bytes | None:
        """A record of this kind, unlike any other; None for a hole."""

    @abstractmethod
    def look(self) -> None:
        """AssertionError unless everything is as it was promised."""

    # --- what happens in Kafka ------------------------------------------------

    def append(self, partition: int, kinds: Sequence[Any]) -> None:
        """Records and holes arrive."""
        log = self.log(partition)
        for kind in kinds:
            log.append(self.clock.now_ms(), self.value(kind))

    def delete(self, partition: int, count: int) -> None:
        """Retention deletes records at the log's start."""
        log = self.log(partition)
        log.start = min(log.start + count, log.end)

    def cut(self, partition: int, count: int) -> None:
        """Kafka loses records at the log's end."""
        log = self.log(partition)
        if offset := max(log.start, log.end - count):
            log.cut(offset)
            log.unreadable_at = None

    def damage(self, partition: int, back: int) -> None:
        """A batch becomes unreadable, or readable again."""
        log = self.log(partition)
        offset = max(log.start, log.end - back)
        log.unreadable_at = None if log.unreadable_at is not None else offset

    def add_partition(self) -> None:
        """The topic gets a partition."""
        if len(self.kafka.topic.logs) < self.partitions_max:
            self.kafka.topic.logs.append(PlayedLog())
            for group in self.kafka.groups:
                group.rebalance(0)

    def rebalance(self, group: int, shift: int, is_noticed: bool) -> None:
        """The group deals its partitions out anew; its members may have heard of it."""
        dealt = self.kafka.groups[group % len(self.kafka.groups)]
        dealt.rebalance(shift)
        for member in dealt.members:
            member.is_rebalancing = is_noticed

    def make_topic_anew(self, keeps_offsets: bool) -> None:
        """The topic is deleted and created again."""
        self.kafka.make_anew(topic_id(len(self.kafka.former) + 1), keeps_offsets)

    def answer_identity(self, answers: Sequence[played_kafka.Answer]) -> None:
        """The next questions for the topic are answered so."""
        self.kafka.identity_answers = deque(answers)

    def answer_kafka(self, answers: Sequence[played_kafka.Answer]) -> None:
        """The next calls of any consumer are answered so."""
        self.kafka.answers = deque(answers)

    # --- what happens to members ----------------------------------------------

    def turn(self, index: int, max_records: int) -> None:
        """A member's loop comes round once."""
        member = self.members[index]
        member.consumer.max_records = max_records
        member.loop.run_once()

    def turns(self, index: int, max_records: int, times: int) -> None:
        """A member's loop comes round some times."""
        for _ in range(times):
            self.turn(index, max_records)
            self.look()

    def work(self, index: int, partition: int, kinds: Sequence[Any], max_records: int) -> None:
        """Records and holes arrive, and a member reads."""
        self.append(partition, kinds)
        self.turn(index, max_records)

    def answer(self, index: int, which: int) -> None:
        """One of a member's calls comes to its end."""
        under_way = self.members[index].under_way
        if under_way.waiting:
            under_way.run(which)

    def slow_down(self, index: int, is_slow: bool) -> None:
        """A member's calls take longer than a drain waits, or no longer do."""
        if under_way := self.members[index].under_way:
            under_way.is_slow = is_slow

    def evict(self, index: int, is_deaf: bool) -> None:
        """A member's session expires; until it hears of it, it is a zombie."""
        member = self.members[index]
        member.group.evict(member.consumer)
        member.consumer.is_deaf = is_deaf

    def tell(self, index: int) -> None:
        """A zombie learns what it is."""
        self.members[index].consumer.is_deaf = False

    def kill(self, index: int) -> None:
        """kill -9; another takes its place."""
        member = self.members[index]
        self._abandon(member)
        member.group.evict(member.consumer)
        self.members[index] = self.hire(self.groups[index])

    def stop(self, index: int) -> None:
        """SIGTERM; another takes its place."""
        member = self.members[index]
        member.loop.finish()
        member.consumer.close()
        member.worker.close()
        self._abandon(member)
        self.members[index] = self.hire(self.groups[index])

    def _abandon(self, member: Member) -> None:
        """What is under way ends with its process."""
        if member.under_way:
            member.under_way.abandon()

    def pass_time(self, seconds: float) -> None:
        """Nothing happens for a while."""
        self.clock.now_seconds += seconds

    # --- healing ----------------------------------------------------------------

    def mend(self, last: Sequence[Any]) -> None:
        """Nothing fails any more; the last records arrive."""
        self.answer_kafka(())
        self.answer_identity(())
        for number, log in enumerate(self.kafka.topic.logs):
            log.unreadable_at = None
            # A member that has nothing to read cannot find out that the log was cut.
            self.append(number, last)
        for index in range(len(self.members)):
            self.tell(index)
            self.slow_down(index, is_slow=False)

    def settle(self, is_done: Callable[[int], bool]) -> list[int]:
        """Let all members work until every partition is done; those that never are."""
        partitions = range(len(self.kafka.topic.logs))
        for number in range(ROUNDS):
            for index in range(len(self.members)):
                self.turn(index, 5)
                while self.members[index].under_way.waiting:
                    self.answer(index, 0)
                self.look()
            self.pass_time(31.0 if number % 8 == 7 else 1.0)
            if all(is_done(partition) for partition in partitions):
                return []
        return [partition for partition in partitions if not is_done(partition)]

    def log(self, partition: int) -> PlayedLog:
        """The log of that partition, counted round."""
        return self.kafka.topic.logs[partition % len(self.kafka.topic.logs)]


def topic_id(number: int) -> str:
    """The id of the topic when it was made anew so often."""
    return f"{number:08x}" * 4
