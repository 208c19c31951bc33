"""Loops, listeners and archiving's workers, as they are, on a played Kafka and a played store."""

import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from unittest import mock

import structlog

from services.archiving import recovery
from services.archiving.limits import FlushLimits
from services.archiving.naming import HOUR_MS, arrival_hour
from services.archiving.worker import ArchivingWorker, Clocks
from services.runtime.health import Health
from services.stream.loop import ConsumerLoop
from tests.model import played_kafka, played_store
from tests.model.archive_check import ArchiveCheck, WrongArchiveError
from tests.model.clock import Clock
from tests.model.played_consumer import TOPIC, PlayedConsumer
from tests.model.played_kafka import (
    PlayedGroup,
    PlayedIdentity,
    PlayedKafka,
    PlayedLog,
    PlayedTopic,
)
from tests.model.played_store import PlayedStore, PlayedThreads

# By member: the number of its group. The groups share one archive.
GROUPS = (0, 0, 1)
PARTITIONS_MAX = 3
# An example has fewer hours than a chain without objects may be old, as with the real numbers.
HOURS_MAX = 3
SHORTER = {"UNKNOWN_HOURS": HOURS_MAX + 1, "MARGIN_HOURS": 1}
LIMITS = FlushLimits(object_raw_bytes=60, object_age_seconds=4.0)
ROUNDS = 80


@dataclass(slots=True)
class Member:
    """One process of archiving."""

    group: PlayedGroup
    consumer: PlayedConsumer
    worker: ArchivingWorker
    threads: PlayedThreads
    loop: ConsumerLoop


@dataclass(slots=True)
class World:
    """One bucket, one topic, two groups, and whatever may happen to them."""

    clock: Clock = field(default_factory=Clock)
    store: PlayedStore = field(init=False)
    kafka: PlayedKafka = field(init=False)
    members: list[Member] = field(init=False)
    check: ArchiveCheck = field(default_factory=ArchiveCheck)
    values: int = 0
    hours: int = 0
    is_clock_back: bool = False
    has_cut: bool = False

    def __post_init__(self) -> None:
        self.store = PlayedStore(self.clock)
        self.kafka = PlayedKafka(self.clock, PlayedTopic(topic_id(0), [PlayedLog(), PlayedLog()]))
        self.kafka.groups = [PlayedGroup(self.kafka) for _ in set(GROUPS)]
        self.members = [self._member(group) for group in GROUPS]

    def _member(self, number: int) -> Member:
        group = self.kafka.groups[number]
        consumer = PlayedConsumer(self.kafka, group)
        clocks = Clocks(self.clock.now_ms, self.clock.monotonic)
        worker = ArchivingWorker(self.store, PlayedIdentity(self.kafka), LIMITS, clocks)
        threads = worker.uploads.threads = PlayedThreads(self.store)  # type: ignore[assignment]
        health = Health(self.clock.monotonic, self.clock.now_seconds)
        loop = ConsumerLoop(consumer, TOPIC, worker, health, threading.Event())  # type: ignore[arg-type]
        loop.subscribe()
        return Member(group, consumer, worker, threads, loop)

    # --- what happens in Kafka ------------------------------------------------

    def append(self, partition: int, kinds: Sequence[bool]) -> None:
        """Records (True) and holes arrive."""
        log = self._log(partition)
        for is_record in kinds:
            self.values += 1
            value = f"record {self.values}".encode() if is_record else None
            log.append(self.clock.now_ms(), value)

    def delete(self, partition: int, count: int) -> None:
        """Retention deletes records at the log's start."""
        log = self._log(partition)
        log.start = min(log.start + count, log.end)

    def cut(self, partition: int, count: int) -> None:
        """Kafka loses records of this hour at the log's end.

        Not played, as the protocol does not cover it: somebody has read a record and not stored
        it, Kafka loses it, and the one in its place comes in another hour. Then the two may be
        archived by two writers under two names. `dronewatch-verify` reports that they overlap.
        """
        log = self._log(partition)
        lost = log.entries[max(log.start, log.end - count) :]
        hours = {arrival_hour(entry.timestamp) for entry in lost}
        if hours == {arrival_hour(self.clock.now_ms())}:
            log.cut(lost[0].offset)
            log.unreadable_at = None
            self.has_cut = True

    def damage(self, partition: int, back: int) -> None:
        """A batch becomes unreadable, or readable again."""
        log = self._log(partition)
        offset = max(log.start, log.end - back)
        log.unreadable_at = None if log.unreadable_at is not None else offset

    def make_topic_anew(self, keeps_offsets: bool) -> None:
        """The topic is deleted and created again."""
        self.kafka.make_anew(topic_id(len(self.kafka.former) + 1), keeps_offsets)

    def add_partition(self) -> None:
        """The topic gets a partition."""
        if len(self.kafka.topic.logs) < PARTITIONS_MAX:
            self.kafka.topic.logs.append(PlayedLog())
            for group in self.kafka.groups:
                group.rebalance(0)

    def rebalance(self, group: int, shift: int, is_noticed: bool) -> None:
        """The group deals its partitions out anew; its members may have heard of it."""
        self.kafka.groups[group].rebalance(shift)
        for member in self.kafka.groups[group].members:
            member.is_rebalancing = is_noticed

    def answer_kafka(self, answers: Sequence[played_kafka.Answer]) -> None:
        """The next calls of any consumer are answered so."""
        self.kafka.answers = deque(answers)

    def answer_identity(self, answers: Sequence[played_kafka.Answer]) -> None:
        """The next questions for the topic's id are answered so."""
        self.kafka.identity_answers = deque(answers)

    # --- what happens in the store --------------------------------------------

    def answer_store(self, answers: Sequence[played_store.Answer], call_seconds: float) -> None:
        """The next calls of the store are answered so, and take so long."""
        self.store.answers = deque(answers)
        self.store.call_seconds = call_seconds

    def overtake_decision(self, back: int) -> None:
        """Another member, which saw the log begin earlier, will decide just before the next one."""
        self.store.rival_back = back

    def carry_out_late(self, index: int, lands: bool) -> None:
        """A put that was given up is carried out after all, or never."""
        if self.store.late:
            name, content = self.store.late.pop(index % len(self.store.late))
            if lands:
                self.store.create(name, content)

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

    def work(self, index: int, partition: int, kinds: Sequence[bool], max_records: int) -> None:
        """Records and holes arrive, and a member reads."""
        self.append(partition, kinds)
        self.turn(index, max_records)

    def flush(self, index: int) -> None:
        """What a member gathers is old enough; it is put."""
        self.pass_time(5.0)
        for _ in range(2):
            self.turns(index, 3, 1)
            self.upload(index, 0)

    def upload(self, index: int, which: int) -> None:
        """A member's put or look comes to its end."""
        threads = self.members[index].threads
        if threads.waiting:
            threads.run(which)

    def slow_down(self, index: int, is_slow: bool) -> None:
        """A member's puts take longer than a drain waits, or no longer do."""
        self.members[index].threads.is_slow = is_slow

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
        member.threads.abandon()
        member.group.evict(member.consumer)
        self.members[index] = self._member(GROUPS[index])

    def stop(self, index: int) -> None:
        """SIGTERM; another takes its place."""
        member = self.members[index]
        member.loop.finish()
        member.consumer.close()
        member.worker.close()
        member.threads.abandon()
        self.members[index] = self._member(GROUPS[index])

    # --- time -----------------------------------------------------------------

    def pass_time(self, seconds: float) -> None:
        """Nothing happens for a while."""
        self.clock.now_seconds += seconds

    def pass_hour(self) -> None:
        """The next hour begins."""
        if self.hours < HOURS_MAX and not self.has_cut:
            self.hours += 1
            self.clock.wall_offset_ms += HOUR_MS

    def step_clock(self) -> None:
        """The wall clocks go back by an hour, or are right again."""
        if self.has_cut:
            return
        self.clock.wall_offset_ms += HOUR_MS if self.is_clock_back else -HOUR_MS
        self.is_clock_back = not self.is_clock_back

    # --- what came of it ------------------------------------------------------

    def look(self) -> None:
        """WrongArchiveError unless everything is as it was promised."""
        self.check.look(self.store.objects, self.kafka.topics())
        for group in self.kafka.groups:
            for partition, commit in group.commits:
                self.check.look_at_commit(partition, commit)
            group.commits.clear()

    def heal(self) -> None:
        """Nothing fails any more, until all is archived; WrongArchiveError if that never comes."""
        self._mend()
        for number in range(ROUNDS):
            for index in range(len(self.members)):
                self.turn(index, 5)
                while self.members[index].threads.waiting:
                    self.upload(index, 0)
                self.look()
            self.pass_time(31.0 if number % 8 == 7 else 1.0)
            if all(self._is_done(p) for p in range(len(self.kafka.topic.logs))):
                self.check.look_for_changes(self.store.objects)
                return
        unfinished = [p for p in range(len(self.kafka.topic.logs)) if not self._is_done(p)]
        raise WrongArchiveError(f"partitions {unfinished} are stuck")

    def _mend(self) -> None:
        self.answer_kafka(())
        self.answer_identity(())
        self.answer_store((), 0.0)
        while self.store.late:
            self.carry_out_late(0, lands=True)
        for number, log in enumerate(self.kafka.topic.logs):
            log.unreadable_at = None
            # A member that has nothing to read cannot find out that the log was cut.
            self.append(number, [True] * 2)
        for index in range(len(self.members)):
            self.tell(index)
            self.slow_down(index, is_slow=False)

    def _is_done(self, partition: int) -> bool:
        """Each group has archived everything, or has stopped at a cut; one that goes on has all."""
        chain = self.check.chains[topic_id(len(self.kafka.former))[:8], partition]
        going_on = [group for group in self.kafka.groups if not self._is_stopped(group, partition)]
        commits = [group.committed.get(partition) for group in going_on]
        return not going_on or (
            chain.is_whole() and all(commit and commit.offset == chain.end for commit in commits)
        )

    def _is_stopped(self, group: PlayedGroup, partition: int) -> bool:
        members = [member for member in self.members if member.group is group]
        chains = [member.worker.chains.get(partition) for member in members]
        is_cut = bool(self._log(partition).cut_off)
        return is_cut and any(chain is not None and chain.stopped_because for chain in chains)

    def _log(self, partition: int) -> PlayedLog:
        return self.kafka.topic.logs[partition % len(self.kafka.topic.logs)]


def topic_id(number: int) -> str:
    """The id of the topic when it was made anew so often."""
    return f"{number:08x}" * 4


@contextmanager
def played() -> Iterator[None]:
    """Fewer hours to fence, and no log lines."""
    before = structlog.get_config()
    structlog.configure(processors=[drop])
    try:
        with mock.patch.multiple(recovery, **SHORTER):
            yield
    finally:
        structlog.configure(**before)


def drop(*_: object) -> str:
    raise structlog.DropEvent
