"""Loops, listeners and notifying's workers, as they are, on a played Kafka, and people."""

import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from unittest import mock

from kafka import TopicPartition
from kafka.structs import OffsetAndMetadata
from msgspec.structs import replace

from services.notifying.bookmark import Bookmark, Layout, metadata_of
from services.notifying.broker_clock import BrokerClock
from services.notifying.copies import Copies, partition_of
from services.notifying.notice import Notice
from services.notifying.partition import PartitionAlerts
from services.notifying.publishing import Addresses, Publishing
from services.notifying.retrying import Terms
from services.notifying.starting import TopicWatch
from services.notifying.worker import NotifyingWorker, Settings, TopicKnowledge
from services.reports.codec import encoded
from services.runtime.health import Health
from services.stream.loop import ConsumerLoop
from services.stream.reliable_producer import ReliableProducer
from services.stream.worker import NO_EPOCH
from tests.model import played_kafka
from tests.model.clock import Clock
from tests.model.notifying_check import NotifyingCheck, WrongNoticeError
from tests.model.played_consumer import TOPIC, PlayedConsumer
from tests.model.played_kafka import (
    Entry,
    PlayedGroup,
    PlayedIdentity,
    PlayedKafka,
    PlayedLog,
    PlayedTopic,
)
from tests.model.quiet import quiet
from tests.model.stage import topic_id
from tests.notifying.played import SMALL_BOUNDS, Fault, KilledError, People, Reader, Sender
from tests.notifying.samples import alert

MEMBERS = 3
PARTITIONS_MAX = 5
WINDOW_MS = 1_000
DRONES = 7
# For so long a producer may not know of new partitions.
STALE_MS = 60_000
ROUNDS = 150


class MortalConsumer(PlayedConsumer):
    """Its process may be killed at a commit; it says which partitions it gives up."""

    def __init__(self, world: "World", group: PlayedGroup) -> None:
        super().__init__(world.kafka, group)
        self.world = world
        self.fault: Fault = "none"

    def commit(self, commits: dict[TopicPartition, object], timeout_ms: int) -> None:
        if self.fault == "kill before commit":
            raise KilledError
        super().commit(commits, timeout_ms)
        if self.fault == "kill after commit":
            raise KilledError

    def _give_up(self, partitions: set[int]) -> None:
        super()._give_up(partitions)
        self.world.check.note_interrupted(partitions, may_still_ask=False)

    def owned(self) -> set[int]:
        return {p for p, owner in self.group.owners.items() if owner is self}


@dataclass(slots=True)
class Member:
    """One process of notifying; its clock shows so much beyond the brokers' time."""

    consumer: MortalConsumer
    people: People
    worker: NotifyingWorker
    reader: Reader
    loop: ConsumerLoop
    clock_off_ms: int = 0


@dataclass(slots=True)
class World:
    """One topic, one group of a channel, and whatever may happen to them."""

    cap_per_minute: int | None = None
    is_layout_known: bool = False
    clock: Clock = field(default_factory=Clock)
    kafka: PlayedKafka = field(init=False)
    group: PlayedGroup = field(init=False)
    members: list[Member] = field(init=False)
    check: NotifyingCheck = field(init=False)
    takes_records: bool = True
    asked: list[Notice] = field(default_factory=list)
    taken: list[Notice] = field(default_factory=list)
    published: list[tuple[str, bytes]] = field(default_factory=list)
    garbage: int = 0
    fresh: int = 1_000
    # By producer: how many partitions it knows.
    known_partitions: list[int] = field(default_factory=lambda: [2, 2])
    grown_at_ms: int = 0

    def __post_init__(self) -> None:
        self.kafka = PlayedKafka(self.clock, PlayedTopic(topic_id(0), [PlayedLog(), PlayedLog()]))
        self.group = PlayedGroup(self.kafka)
        self.kafka.groups = [self.group]
        self.check = NotifyingCheck(self, self.kafka, self.group)
        for partition in range(2 * self.is_layout_known):
            known = Bookmark(topic_id(0), 0, layout=Layout(2))
            self.group.committed[partition] = OffsetAndMetadata(0, metadata_of(known), NO_EPOCH)
        self.members = []
        for _ in range(MEMBERS):
            self.members.append(self._member(0))

    def _member(self, clock_off_ms: int) -> Member:
        monotonic_ms = self._monotonic_ms
        consumer, people = MortalConsumer(self, self.group), People(self, self.cap_per_minute)
        clock = BrokerClock(lambda: self.clock.now_ms() + member.clock_off_ms, monotonic_ms)
        reader = Reader(self)
        watch = TopicWatch(PlayedIdentity(self.kafka), monotonic_ms)
        known = TopicKnowledge(watch, Copies(reader, clock, monotonic_ms))
        terms, addresses = Terms(people.recipients), Addresses("email", "retry", "undelivered")
        sender = ReliableProducer(Sender(self), lambda: 0.0)  # type: ignore[arg-type]
        publishing = Publishing(sender, addresses, terms, lambda: 0.0)
        worker = NotifyingWorker(people, publishing, known, Settings(TOPIC, WINDOW_MS, clock))
        health = Health(self.clock.monotonic, self.clock.now_seconds)
        loop = ConsumerLoop(consumer, TOPIC, worker, health, threading.Event())  # type: ignore[arg-type]
        member = Member(consumer, people, worker, reader, loop, clock_off_ms)
        loop.subscribe()
        return member

    def _monotonic_ms(self) -> int:
        return int(self.clock.now_seconds * 1000)

    # --- what happens in Kafka ------------------------------------------------

    def publish(self, producer: int, number: int) -> None:
        """Publish the alert of this number; of the same number the same one once more.

        A producer that does not know of a growth yet publishes it where it was before. But it
        repeats nothing that was published elsewhere since, before the members know of the growth
        (the gap that services.notifying.copies names).

        Not played: alerts in a topic made anew before the members know of it, which takes a
        second. One where a member stands already goes out twice: for the old topic and the new.
        """
        if not self._is_topic_known():
            return
        drone, count = f"drone-{number % DRONES}", len(self.kafka.topic.logs)
        report_id = f"r-{len(self.kafka.former)}-{number}"
        is_late = self.clock.now_ms() > self.grown_at_ms + STALE_MS
        if is_late or not self._is_growth_known():
            self.known_partitions[producer] = count
        partition = partition_of(drone.encode(), self.known_partitions[producer])
        content = replace(alert(report_id), drone_id=drone, subject=f"subject-{number % 3}")
        self._append(partition, encoded(content), drone.encode())

    def append_other(self, partition: int, is_hole: bool) -> None:
        """A hole, or a record that is no alert, arrives."""
        self.garbage += not is_hole
        value = None if is_hole else f"garbage {self.garbage}".encode()
        self._append(partition % len(self.kafka.topic.logs), value, None)

    def _append(self, partition: int, value: bytes | None, key: bytes | None) -> None:
        self.kafka.topic.logs[partition].append(self.clock.now_ms(), value, key)

    def delete(self, partition: int, count: int) -> None:
        """Retention deletes records at the log's start."""
        partition %= len(self.kafka.topic.logs)
        log = self.kafka.topic.logs[partition]
        end = min(log.start + count, log.end)
        self.check.note_lost(partition, log.entries[log.start : end], is_cut=False)
        log.start = end

    def cut(self, partition: int, count: int, is_repeated: bool) -> None:
        """Kafka loses records at the log's end; alerting may publish the same again.

        Not played: a second cut while a member stands at the first one and has read nothing since.
        Its position has no leader epoch, so it cannot notice if as many records come as are lost.
        """
        partition %= len(self.kafka.topic.logs)
        log = self.kafka.topic.logs[partition]
        begin = max(log.start, log.end - count)
        if begin < log.end and not self._is_blind(partition, begin):
            lost = log.entries[begin:]
            self.check.note_lost(partition, lost, is_cut=True)
            log.cut(begin)
            for entry in lost if is_repeated and self._is_topic_known() else ():
                self._append(partition, entry.value, entry.key)
            for member in self.members:
                at = member.reader.reading_at
                at |= {partition: min(at[partition], begin)} if partition in at else {}

    def _is_blind(self, partition: int, offset: int) -> bool:
        found = [m.consumer.positions.get(partition) for m in self.members]
        return any(at and at.epoch == NO_EPOCH and at.offset > offset for at in found)

    def make_topic_anew(self, keeps_offsets: bool) -> None:
        """The topic is deleted and created again."""
        self.kafka.make_anew(topic_id(len(self.kafka.former) + 1), keeps_offsets)
        for member in self.members:
            member.reader.close()

    def add_partition(self) -> None:
        """The topic gets a partition; producers learn of it later."""
        if len(self.kafka.topic.logs) < PARTITIONS_MAX:
            self.clock.now_seconds += 0.001
            self.grown_at_ms = self.clock.now_ms()
            self.kafka.topic.logs.append(PlayedLog())
            self.group.rebalance(0)

    def _is_growth_known(self) -> bool:
        count = len(self.kafka.topic.logs)
        return all(alerts.intake.layout.partitions == count for alerts in self._owned())

    def _is_topic_known(self) -> bool:
        return all(a.begun.topic_id == self.kafka.topic.topic_id for a in self._owned())

    def _owned(self) -> list[PartitionAlerts]:
        return [a for m in self.members for a in m.worker.partitions.values()]

    def rebalance(self, shift: int, is_noticed: bool) -> None:
        """The group deals its partitions out anew; its members may have heard of it."""
        self.group.rebalance(shift)
        for consumer in self.group.members:
            consumer.is_rebalancing = is_noticed

    def answer_kafka(self, answers: Sequence[played_kafka.Answer]) -> None:
        """The next calls of any consumer are answered so."""
        self.kafka.answers = deque(answers)

    def answer_identity(self, answers: Sequence[played_kafka.Answer]) -> None:
        """The next questions for the topic are answered so."""
        self.kafka.identity_answers = deque(answers)

    def take_records(self, takes: bool) -> None:
        """Whether Kafka acknowledges what is published."""
        self.takes_records = takes

    # --- what happens to members ----------------------------------------------

    def turn(self, index: int, max_records: int, fault: Fault = "none") -> None:
        """A member's loop comes round once; a member that is killed is followed by another."""
        member = self.members[index]
        member.consumer.max_records = max_records
        member.consumer.fault = member.people.fault = fault
        try:
            member.loop.run_once()
        except KilledError:
            self.kill(index)
        member.consumer.fault = member.people.fault = "none"

    def turns(self, index: int, max_records: int, times: int) -> None:
        """A member's loop comes round some times."""
        for _ in range(times):
            self.turn(index, max_records)
            self.look()

    def work(self, index: int, producer: int, numbers: Sequence[int], max_records: int) -> None:
        """Alerts arrive, and a member reads."""
        for number in numbers:
            self.publish(producer, number)
        self.turns(index, max_records, 2)

    def fail(self, index: int, fault: Fault, times: int) -> None:
        """Something goes wrong in each of a member's next turns."""
        for _ in range(times):
            self.turn(index, 3, fault)
            self.look()

    def evict(self, index: int, is_deaf: bool) -> None:
        """A member's session expires; until it hears of it, it is a zombie."""
        consumer = self.members[index].consumer
        self.check.note_interrupted(consumer.owned(), may_still_ask=True)
        self.group.evict(consumer)
        consumer.is_deaf = is_deaf

    def tell(self, index: int) -> None:
        """A zombie learns what it is."""
        self.members[index].consumer.is_deaf = False

    def kill(self, index: int) -> None:
        """kill -9; another takes its place."""
        member = self.members[index]
        self.check.note_interrupted(member.consumer.owned(), may_still_ask=False)
        self.group.evict(member.consumer)
        self.members[index] = self._member(member.clock_off_ms)

    def stop(self, index: int) -> None:
        """SIGTERM; another takes its place."""
        member = self.members[index]
        member.loop.finish()
        member.consumer.close()
        member.worker.close()
        self.members[index] = self._member(member.clock_off_ms)

    # --- time -----------------------------------------------------------------

    def pass_time(self, seconds: float) -> None:
        """Nothing happens for a while."""
        self.clock.now_seconds += seconds

    def set_clock(self, index: int, off_ms: int) -> None:
        """A member's wall clock is put forward, back, or right."""
        self.members[index].clock_off_ms = off_ms

    # --- what the played parts read -------------------------------------------

    def partition_count(self) -> int:
        return len(self.kafka.topic.logs)

    def end(self, partition: int) -> int:
        return self.kafka.topic.logs[partition].end

    def records(self, partition: int, begin: int) -> list[Entry]:
        log = self.kafka.topic.logs[partition]
        return log.entries[max(begin, log.start) :]

    def is_reading_copies(self) -> bool:
        """Whether a member reads all partitions, as the topic grew."""
        return any(member.worker.topic.copies.partitions for member in self.members)

    # --- what came of it ------------------------------------------------------

    def look(self) -> None:
        """WrongNoticeError unless everything is as it was promised."""
        self.check.look()

    def heal(self) -> None:
        """Nothing fails any more, until all is done; WrongNoticeError if that never comes."""
        self._mend()
        for _ in range(ROUNDS):
            for index in range(MEMBERS):
                self.turns(index, 4, 1)
            self.pass_time(5.0)
            if self.check.is_all_done():
                self.check.look_at_end()
                return
        raise WrongNoticeError(f"it never ends: {self.group.committed}")

    def _mend(self) -> None:
        self.answer_kafka(())
        self.answer_identity(())
        self.take_records(takes=True)
        # A member that has nothing to read cannot find out that the log was cut.
        for partition in range(len(self.kafka.topic.logs)):
            self.append_other(partition, is_hole=False)
        for index in range(MEMBERS):
            self.tell(index)


@contextmanager
def played() -> Iterator[None]:
    """Bounds that few records reach, and no log lines."""
    with quiet(), ExitStack() as stack:
        for module, name, value in SMALL_BOUNDS:
            stack.enter_context(mock.patch.object(module, name, value))
        yield
