"""Loops, listeners and archiving's workers, as they are, on a played Kafka and a played store."""

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from unittest import mock

from services.archiving import recovery
from services.archiving.limits import FlushLimits
from services.archiving.naming import HOUR_MS, arrival_hour
from services.archiving.worker import ArchivingWorker, Clocks
from tests.model import played_store
from tests.model.archive_check import ArchiveCheck, WrongArchiveError
from tests.model.played_consumer import PlayedConsumer
from tests.model.played_kafka import PlayedGroup, PlayedIdentity
from tests.model.played_store import PlayedStore, PlayedThreads
from tests.model.quiet import quiet
from tests.model.stage import Member, Stage, topic_id

# By member: the number of its group. The groups share one archive.
GROUPS = (0, 0, 1)
# An example has fewer hours than a chain without objects may be old, as with the real numbers.
HOURS_MAX = 3
SHORTER = {"UNKNOWN_HOURS": HOURS_MAX + 1, "MARGIN_HOURS": 1}
LIMITS = FlushLimits(object_raw_bytes=60, object_age_seconds=4.0)


class World(Stage):
    """One bucket, one topic, two groups, and whatever may happen to them."""

    def __init__(self) -> None:
        super().__init__(GROUPS)
        self.store = PlayedStore(self.clock)
        self.check = ArchiveCheck()
        self.values = 0
        self.hours = 0
        self.is_clock_back = False
        self.has_cut = False
        self.members = [self.hire(group) for group in GROUPS]

    def hire(self, number: int) -> Member:
        """Start a process of archiving."""
        group = self.kafka.groups[number]
        consumer = PlayedConsumer(self.kafka, group)
        clocks = Clocks(self.clock.now_ms, self.clock.monotonic)
        worker = ArchivingWorker(self.store, PlayedIdentity(self.kafka), LIMITS, clocks)
        threads = worker.uploads.threads = PlayedThreads(self.store)  # type: ignore[assignment]
        return Member(group, consumer, worker, self.begun(consumer, worker), threads)

    def value(self, kind: bool) -> bytes | None:
        """A record (True) or a hole."""
        self.values += 1
        return f"record {self.values}".encode() if kind else None

    # --- what happens in Kafka ------------------------------------------------

    def cut(self, partition: int, count: int) -> None:
        """Kafka loses records of this hour at the log's end.

        Not played, as the protocol does not cover it: somebody has read a record and not stored
        it, Kafka loses it, and the one in its place comes in another hour. Then the two may be
        archived by two writers under two names. `dronewatch-verify` reports that they overlap.
        """
        log = self.log(partition)
        lost = log.entries[max(log.start, log.end - count) :]
        if {arrival_hour(e.timestamp) for e in lost} == {arrival_hour(self.clock.now_ms())}:
            log.cut(lost[0].offset)
            log.unreadable_at = None
            self.has_cut = True

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

    def flush(self, index: int) -> None:
        """What a member gathers is old enough; it is put."""
        self.pass_time(5.0)
        for _ in range(2):
            self.turns(index, 3, 1)
            self.answer(index, 0)

    # --- time -----------------------------------------------------------------

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
        if stuck := self.settle(self._is_done):
            raise WrongArchiveError(f"partitions {stuck} are stuck")
        self.check.look_for_changes(self.store.objects)

    def _mend(self) -> None:
        self.answer_store((), 0.0)
        while self.store.late:
            self.carry_out_late(0, lands=True)
        self.mend([True] * 2)

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
        is_cut = bool(self.log(partition).cut_off)
        return is_cut and any(chain is not None and chain.stopped_because for chain in chains)


@contextmanager
def played() -> Iterator[None]:
    """Fewer hours to fence, and no log lines."""
    with quiet(), mock.patch.multiple(recovery, **SHORTER):
        yield
