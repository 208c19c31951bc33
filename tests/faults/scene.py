"""Everything a fault test has at hand: a topic, workers, a fleet of drones, what to await."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from local.offsets import Progress, done, has_caught_up, progress_of, written
from local.processes import Child, Goal, await_until
from services.archiving.timeline import Timeline
from services.reports.codec import encoded
from services.reports.topics import Topic
from services.stream.connection import KafkaConnection
from services.stream.identity import TopicIdentity
from services.stream.producer import producer
from tests.faults.crew import Crew
from tests.faults.evidence import (
    KafkaRecord,
    Position,
    archived_rows,
    object_differences,
    topic_differences,
    topic_records,
)
from tests.faults.places import Place
from tests.faults.samples import sound_report


@dataclass(frozen=True, slots=True)
class GroupWatch:
    """How far the group of this test is, asked of the broker."""

    admin: KafkaAdminClient
    group_id: str
    topic: Topic
    crew: Crew

    def await_caught_up(self, timeout_seconds: float = 60) -> None:
        """Until the group has committed the end of every partition."""
        goal = Goal("the group should catch up", timeout_seconds)
        self._await(lambda: has_caught_up(self._progress(), [self.group_id]), goal)

    def await_progress(self) -> None:
        """Until the group has committed more than it has now."""
        before = done(self._answered(), self.group_id)
        goal = Goal(f"the group should commit more than {before}", 60)
        self._await(lambda: done(self._progress(), self.group_id) > before, goal)

    def await_partitions_done(self, partitions: Sequence[int]) -> None:
        """Until the group has committed the ends of these partitions."""

        def are_done() -> bool:
            progress = self._progress()
            committed = progress.committed.get(self.group_id, {})
            return all(committed.get(p) == progress.ends[p] for p in partitions)

        self._await(are_done, Goal(f"partitions {partitions} should be done", 60))

    def await_written(self, records: int) -> None:
        """Until so many records are in the topic."""
        goal = Goal(f"there should be {records} records", 300)
        self._await(lambda: written(self._progress()) >= records, goal)

    def _await(self, condition: Callable[[], bool], goal: Goal) -> None:
        def is_met() -> bool:
            # A broker that was just started again has not told yet who leads.
            with suppress(KafkaError):
                return condition()
            return False

        await_until(is_met, [member.child for member in self.crew.members], goal, 0.2)

    def _answered(self) -> Progress:
        """The first whole answer: a broker that was just started has no offsets to tell yet."""
        found: list[Progress] = []

        def is_answered() -> bool:
            found.append(self._progress())
            return bool(found[-1].committed)

        self._await(is_answered, Goal("Kafka should say how far the group is", 60))
        return found[-1]

    def _progress(self) -> Progress:
        return progress_of(self.admin, self.topic, [self.group_id])


@dataclass(frozen=True, slots=True)
class Scene:
    """Workers of one group on one topic; `fleet(rate, seed)` starts a simulator on it."""

    kafka: KafkaConnection
    topic: Topic
    crew: Crew
    group: GroupWatch
    fleet: Callable[[int, int], Child]
    folder: Path

    @property
    def ledger(self) -> Path:
        """What the fleet's simulator wrote down."""
        return self.folder / "ledger.jsonl"

    def records(self) -> dict[Position, KafkaRecord]:
        """All that stands in the topic."""
        return topic_records(self.kafka, self.topic.name)

    def topic_id(self) -> str:
        """The topic's id as objects are named by it."""
        identity = TopicIdentity(self.kafka, self.topic.name)
        try:
            return Timeline(identity.current() or "").chain_id
        finally:
            identity.close()

    def send(self, values: Sequence[bytes | None]) -> None:
        """These values, acknowledged, on every partition."""
        with producer(self.kafka) as sender:
            for value in values:
                for partition in range(self.topic.partitions):
                    sender.send(self.topic.name, key=b"k", value=value, partition=partition)
            sender.flush()

    def send_reports(self, count: int) -> None:
        """So many reports, acknowledged, on every partition."""
        self.send([encoded(sound_report(f"r-{number}")) for number in range(count)])


@dataclass(frozen=True, slots=True)
class ArchiveScene(Scene):
    """Archiving workers, and where they archive to."""

    place: Place

    def check_archive(self, objects: Mapping[str, bytes]) -> None:
        """Invariant 1: the archive holds what the topic holds, each record once."""
        assert topic_differences(self.records(), archived_rows(objects)) == []
        assert object_differences(objects) == []
        assert "Traceback" not in self.crew.logs()
