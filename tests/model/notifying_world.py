"""Loops, listeners and notifying's workers, as they are, on a played Kafka, and people."""

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
from services.stream.reliable_producer import ReliableProducer
from services.stream.worker import NO_EPOCH
from tests.model.notifying_check import NotifyingCheck, WrongNoticeError
from tests.model.played_consumer import TOPIC, PlayedConsumer
from tests.model.played_kafka import (
    Entry,
    PlayedGroup,
    PlayedIdentity,
)
from tests.model.quiet import quiet
from tests.model.stage import Member, Stage, topic_id
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
class NotifyingMember(Member):
    """A process of notifying; its clock shows so much beyond the brokers' time."""

    people: People = field(kw_only=True)
    reader: Reader = field(kw_only=True)
    clock_off_ms: int = 0


class World(Stage):
    """One topic, one group of a channel, and whatever may happen to them."""

    partitions_max = 5
    members: list[NotifyingMember]  # type: ignore[assignment]

    def __init__(self, cap_per_minute: int | None = None, is_layout_known: bool = False) -> None:
        super().__init__((0,) * MEMBERS)
        self.cap_per_minute = cap_per_minute
        self.group = self.kafka.groups[0]
        self.check = NotifyingCheck(self, self.kafka, self.group)
        self.takes_records = True
        self.asked: list[Notice] = []
        self.taken: list[Notice] = []
        self.published: list[tuple[str, bytes]] = []
        self.garbage = 0
        # By producer: how many partitions it knows.
        self.known_partitions = [2, 2]
        self.grown_at_ms = 0
        for partition in range(2 * is_layout_known):
            known = Bookmark(topic_id(0), 0, layout=Layout(2))
            self.group.committed[partition] = OffsetAndMetadata(0, metadata_of(known), NO_EPOCH)
        for number in self.groups:
            self.members.append(self.hire(number))

    def hire(self, number: int) -> NotifyingMember:
        """Start a process of notifying."""
        group, monotonic_ms = self.kafka.groups[number], self._monotonic_ms
        consumer, people = MortalConsumer(self, group), People(self, self.cap_per_minute)
        clock = BrokerClock(lambda: self.clock.now_ms() + member.clock_off_ms, monotonic_ms)
        reader = Reader(self)
        watch = TopicWatch(PlayedIdentity(self.kafka), monotonic_ms)
        known = TopicKnowledge(watch, Copies(reader, clock, monotonic_ms))
        terms, addresses = Terms(people.recipients), Addresses("email", "retry", "undelivered")
        sender = ReliableProducer(Sender(self), lambda: 0.0)  # type: ignore[arg-type]
        publishing = Publishing(sender, addresses, terms, lambda: 0.0)
        worker = NotifyingWorker(people, publishing, known, Settings(TOPIC, WINDOW_MS, clock))
        loop = self.begun(consumer, worker)
        member = NotifyingMember(group, consumer, worker, loop, people=people, reader=reader)
        return member

    def value(self, kind: bool) -> bytes | None:
        """A record that is no alert (True), or a hole."""
        self.garbage += kind
        return f"garbage {self.garbage}".encode() if kind else None

    def _monotonic_ms(self) -> int:
        return int(self.clock.now_seconds * 1000)

    # --- what happens in Kafka ------------------------------------------------

    def publish(self, producer: int, number: int) -> None:
        """Publish the alert of this number; of the same number the same one once more.

        A producer that does not know of a growth yet publishes it where it was before. But it
        repeats nothing that was published elsewhere since, before the members know of the growth
        (the gap that services.notifying.copies names). Nor do copies arrive in one millisecond.

        Not played: alerts in a topic made anew before the members know of it, which takes a
        second. One where a member stands already goes out twice: for the old topic and the new.
        """
        if not self._is_topic_known():
            return
        self.pass_time(0.001)
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
        self.append(partition, [not is_hole])

    def _append(self, partition: int, value: bytes | None, key: bytes | None) -> None:
        self.kafka.topic.logs[partition].append(self.clock.now_ms(), value, key)

    def delete(self, partition: int, count: int) -> None:
        """Retention deletes records at the log's start."""
        log = self.log(partition)
        end = min(log.start + count, log.end)
        partition %= len(self.kafka.topic.logs)
        self.check.note_lost(partition, log.entries[log.start : end], is_cut=False)
        super().delete(partition, count)

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
        super().make_topic_anew(keeps_offsets)
        for member in self.members:
            member.reader.close()

    def add_partition(self) -> None:
        """The topic gets a partition; producers learn of it later."""
        if len(self.kafka.topic.logs) < self.partitions_max:
            self.clock.now_seconds += 0.001
            self.grown_at_ms = self.clock.now_ms()
        super().add_partition()

    def _is_growth_known(self) -> bool:
        count = len(self.kafka.topic.logs)
        return all(alerts.intake.layout.partitions == count for alerts in self._owned())

    def _is_topic_known(self) -> bool:
        return all(a.begun.topic_id == self.kafka.topic.topic_id for a in self._owned())

    def _owned(self) -> list[PartitionAlerts]:
        return [a for m in self.members for a in m.worker.partitions.values()]

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
        self._note_interrupted(index, may_still_ask=True)
        super().evict(index, is_deaf)

    def kill(self, index: int) -> None:
        """kill -9; another takes its place, on the same clock."""
        self._note_interrupted(index, may_still_ask=False)
        off_ms = self.members[index].clock_off_ms
        super().kill(index)
        self.set_clock(index, off_ms)

    def stop(self, index: int) -> None:
        """SIGTERM; another takes its place, on the same clock."""
        off_ms = self.members[index].clock_off_ms
        super().stop(index)
        self.set_clock(index, off_ms)

    def _note_interrupted(self, index: int, may_still_ask: bool) -> None:
        owned = self.members[index].consumer.owned()
        self.check.note_interrupted(owned, may_still_ask=may_still_ask)

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
        self.take_records(takes=True)
        self.mend([True])
        for _ in range(ROUNDS):
            for index in range(MEMBERS):
                self.turns(index, 4, 1)
            self.pass_time(5.0)
            if self.check.is_all_done():
                self.check.look_at_end()
                return
        raise WrongNoticeError(f"it never ends: {self.group.committed}")


@contextmanager
def played() -> Iterator[None]:
    """Bounds that few records reach, and no log lines."""
    with quiet(), ExitStack() as stack:
        for module, name, value in SMALL_BOUNDS:
            stack.enter_context(mock.patch.object(module, name, value))
        yield
