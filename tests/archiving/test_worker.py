"""What archiving's worker tells the loop: where it stands, what to commit, what to pause."""

import concurrent.futures
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from kafka.errors import KafkaError
from kafka.structs import OffsetAndMetadata
from prometheus_client import REGISTRY

from services.archiving import worker as archiving_worker
from services.archiving.empty_object import empty_object
from services.archiving.footer import Footer, footer_of
from services.archiving.limits import FlushLimits
from services.archiving.store import StoreUnavailableError
from services.archiving.timeline import Timeline, timeline_footer, timeline_name
from services.archiving.worker import ArchivingWorker, Clocks
from services.stream.worker import NO_EPOCH, Actions, Fetch, LogRange, NotNow
from tests.archiving.records import (
    EPOCH,
    NOON_MS,
    SHORT_ID,
    TOPIC_ID,
    KafkaRecord,
    fetch_of,
    object_of,
    records,
)
from tests.archiving.scripted import ScriptedStore

OTHER_ID = "f" * 32
NOTHING_DUE = FlushLimits(10**9, 10**9, 10**9)
ALL_DUE = FlushLimits(1, 10**9, 10**9)
AWAY = StoreUnavailableError("away")


@dataclass(slots=True)
class NamedTopic:
    """A topic's identity as the test wants it; an exception is raised."""

    topic_id: str | Exception | None = TOPIC_ID
    closed: bool = False

    def current(self) -> str | None:
        if isinstance(self.topic_id, Exception):
            raise self.topic_id
        return self.topic_id

    def close(self) -> None:
        self.closed = True


@dataclass(slots=True)
class PlayedClock:
    """Monotonic seconds that pass as it is read, so that no deadline is waited for."""

    seconds: float = 1_000.0

    def __call__(self) -> float:
        self.seconds += 0.02
        return self.seconds


@dataclass(slots=True)
class Desk:
    """A worker with its store, its topic and its clock."""

    store: ScriptedStore = field(default_factory=ScriptedStore)
    topic: NamedTopic = field(default_factory=NamedTopic)
    clock: PlayedClock = field(default_factory=PlayedClock)
    limits: FlushLimits = ALL_DUE
    made: list[ArchivingWorker] = field(default_factory=list)

    @property
    def worker(self) -> ArchivingWorker:
        if not self.made:
            clocks = Clocks(lambda: NOON_MS, self.clock)
            self.made.append(ArchivingWorker(self.store, self.topic, self.limits, clocks))
        return self.made[0]

    def start(self, partition: int, committed: OffsetAndMetadata | None, log_start: int = 0) -> int:
        """Take over a partition as the loop does: again until the worker knows where it begins."""
        for _ in range(100):
            try:
                return self.worker.start_offset(partition, committed, LogRange(log_start, 10**6))
            except NotNow as error:
                if "being closed" not in str(error):
                    raise
        raise AssertionError("the partition never starts")

    def accept(self, partition: int, of: list[KafkaRecord]) -> bool:
        """Hand over as the loop does: only what begins at the position."""
        return self.hand_over(fetch_of(of, partition))

    def hand_over(self, fetch: Fetch) -> bool:
        if self.worker.position(fetch.partition) != fetch.begin:
            return False
        self.worker.accept(fetch)
        return True

    def steps(self, count: int = 4) -> Actions:
        """Some steps, each after its requests have ended; all they want, as one."""
        wanted = [self._step() for _ in range(count)]
        commits = {p: c for actions in wanted for p, c in actions.commits.items()}
        return Actions(commits, wanted[-1].paused)

    def _step(self) -> Actions:
        actions = self.worker.step()
        under_way = self.worker.uploads.under_way.values()
        concurrent.futures.wait([future for _, future in under_way], 10)
        # Longer than any answer of the store is waited for before it is asked again.
        self.clock.seconds += 10
        return actions


@pytest.fixture(autouse=True)
def _check_every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archiving_worker, "CHECK_IDENTITY_SECONDS", 0.0)


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    for worker in made.made:
        worker.close()


def marked(offset: int, topic_id: str = TOPIC_ID, epoch: int = EPOCH) -> OffsetAndMetadata:
    return OffsetAndMetadata(offset, Timeline(topic_id).mark, epoch)


def sample(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


# --- where it begins --------------------------------------------------------------


def test_a_marked_commit_is_where_it_begins(desk: Desk) -> None:
    assert desk.start(0, marked(10)) == 10
    assert desk.worker.position(0) == 10
    assert desk.steps().commits == {}


def test_a_partition_that_is_not_ours_has_no_position(desk: Desk) -> None:
    assert desk.worker.position(5) is None


def test_a_start_found_by_listing_is_committed_though_nothing_follows(desk: Desk) -> None:
    existing = object_of(records(0, 9))
    desk.store.objects[existing.name] = existing.content
    assert desk.start(0, None) == 10
    assert desk.steps().commits == {0: marked(10, epoch=NO_EPOCH)}


def test_a_fresh_logs_start_is_not_committed_as_it_is_no_objects_end(desk: Desk) -> None:
    assert desk.start(0, None) == 0
    assert desk.steps().commits == {}
    assert desk.store.put_names == []


def test_a_log_that_begins_later_is_fenced_and_its_start_committed(desk: Desk) -> None:
    assert desk.start(0, None, 7) == 7
    assert {footer_of(content).kind for content in desk.store.objects.values()} == {
        "decision",
        "fence",
    }
    assert desk.steps().commits == {0: marked(7, epoch=NO_EPOCH)}


def test_what_retention_took_before_it_was_archived_is_counted(desk: Desk) -> None:
    before = sample("dronewatch_archiving_lost_offsets_total")
    assert desk.start(0, marked(20), 25) == 25
    assert sample("dronewatch_archiving_lost_offsets_total") - before == 5


def test_a_long_recovery_gives_the_loop_its_turn_and_goes_on_where_it_was(desk: Desk) -> None:
    asked = 0
    while desk.worker.position(0) is None:
        asked += 1
        try:
            desk.worker.start_offset(0, None, LogRange(7, 100))
        except NotNow:
            # As much work as two seconds hold; so many puts take longer.
            desk.clock.seconds += 1
    assert asked > 1
    assert len(desk.store.put_names) == len(set(desk.store.put_names))


def test_an_unreadable_last_object_holds_back_its_partition_until_it_can_be_read(
    desk: Desk,
) -> None:
    existing = object_of(records(10, 10))
    desk.store.objects[existing.name] = b"garbage"
    with pytest.raises(NotNow, match=existing.name):
        desk.start(0, None, 3)
    assert sample("dronewatch_archiving_stuck_partitions") == 1
    assert (desk.worker.position(0), desk.store.put_names) == (None, [])
    desk.store.objects[existing.name] = existing.content
    assert desk.start(0, None, 3) == 11
    assert sample("dronewatch_archiving_stuck_partitions") == 0


def test_a_store_away_at_the_beginning_is_asked_again(desk: Desk) -> None:
    desk.store.tails = [AWAY]
    existing = object_of(records(0, 9))
    desk.store.objects[existing.name] = existing.content
    with pytest.raises(NotNow, match="store"):
        desk.start(0, None)
    assert desk.start(0, None) == 10


@pytest.mark.parametrize("unknown", [KafkaError("away"), None])
def test_without_the_topics_id_nothing_begins(desk: Desk, unknown: Exception | None) -> None:
    desk.topic.topic_id = unknown
    with pytest.raises(NotNow, match="topic"):
        desk.start(0, marked(10))


# --- what is put and committed ----------------------------------------------------


def test_what_is_put_is_committed_with_mark_and_epoch_and_no_earlier(desk: Desk) -> None:
    desk.start(0, marked(10))
    desk.accept(0, records(10, 19))
    assert desk.worker.step().commits == {}
    assert desk.steps().commits == {0: marked(20)}
    assert list(desk.store.objects.values()) == [object_of(records(10, 19)).content]


def test_nothing_is_committed_while_nothing_is_due(desk: Desk) -> None:
    desk.limits = NOTHING_DUE
    desk.start(0, marked(10))
    desk.accept(0, records(10, 19))
    assert desk.steps() == Actions()
    assert desk.store.put_names == []


@pytest.mark.parametrize("last", [12, 30])
def test_a_taken_name_moves_commit_and_position_to_the_end_of_what_has_it(
    desk: Desk, last: int
) -> None:
    desk.start(0, marked(10))
    desk.accept(0, records(10, 19))
    existing = object_of(records(10, last))
    desk.store.objects[existing.name] = existing.content
    assert desk.steps().commits == {0: marked(last + 1, epoch=NO_EPOCH)}
    assert desk.worker.position(0) == last + 1
    # What was fetched at the old position does not begin there.
    assert not desk.accept(0, records(20, 40))
    assert desk.accept(0, records(last + 1, 40))
    assert desk.steps().commits == {0: marked(41)}
    assert desk.store.objects[object_of(records(last + 1, 40)).name]


def test_a_fence_under_its_name_is_followed(desk: Desk) -> None:
    desk.start(0, marked(10))
    fence = Footer(SHORT_ID, 0, 10, 500, "fence", "retention")
    desk.store.objects[object_of(records(10, 10)).name] = empty_object(fence)
    desk.accept(0, records(10, 19))
    assert desk.steps().commits == {0: marked(500, epoch=NO_EPOCH)}
    assert desk.worker.position(0) == 500


def test_draining_one_partition_moves_the_position_of_another_whose_name_is_taken(
    desk: Desk,
) -> None:
    """V1: what was read at the old position can only be refused afterwards."""
    desk.limits = NOTHING_DUE
    desk.start(0, marked(10))
    desk.start(1, marked(10))
    desk.accept(0, records(10, 19))
    desk.accept(1, records(10, 19))
    existing = object_of(records(10, 14))
    desk.store.objects[existing.name] = existing.content
    desk.worker.chains[0].seal()
    desk.steps(1)
    # The revoked one takes two attempts: time for the answers about the other.
    desk.store.puts = [AWAY]
    assert desk.worker.drain({1}, 50.0) == {1: marked(20)}
    assert desk.worker.position(0) == 15
    with pytest.raises(ValueError, match="stands at 15"):
        desk.worker.accept(fetch_of(records(20, 29)))
    assert desk.accept(0, records(15, 29))
    assert desk.worker.drain({0}, 5.0) == {0: marked(30)}


def test_drained_partitions_are_put_and_committed_and_forgotten(desk: Desk) -> None:
    desk.limits = NOTHING_DUE
    for partition in (0, 1):
        desk.start(partition, marked(10))
        desk.accept(partition, records(10, 19))
    assert desk.worker.drain({0}, 5.0) == {0: marked(20)}
    assert (desk.worker.position(0), desk.worker.position(1)) == (None, 20)
    assert desk.worker.drain({0}, 5.0) == {}
    assert list(desk.store.objects) == [object_of(records(10, 19)).name]
    assert desk.worker.drain({1}, 5.0) == {1: marked(20)}


def test_draining_past_the_deadline_commits_nothing_and_comes_back(desk: Desk) -> None:
    desk.start(0, marked(10))
    desk.store.puts = [AWAY] * 1_000
    desk.store.tails = [AWAY] * 1_000
    desk.accept(0, records(10, 19))
    begun = desk.clock.seconds
    assert desk.worker.drain({0}, 0.5) == {}
    assert desk.clock.seconds - begun < 5


def test_dropped_partitions_are_neither_put_nor_committed(desk: Desk) -> None:
    desk.limits = NOTHING_DUE
    desk.start(0, marked(10))
    desk.accept(0, records(10, 19))
    desk.worker.drop({0})
    assert desk.worker.position(0) is None
    assert desk.steps() == Actions()
    assert desk.worker.drain({0}, 1.0) == {}
    assert desk.store.put_names == []


def test_an_answer_that_comes_after_its_partition_was_dropped_changes_nothing(desk: Desk) -> None:
    desk.start(0, marked(10))
    desk.accept(0, records(10, 19))
    desk.worker.step()
    desk.worker.step()
    desk.worker.drop({0})
    assert desk.start(0, marked(10)) == 10
    assert desk.steps() == Actions()
    assert desk.worker.position(0) == 10


def test_an_unreadable_object_pauses_its_partition_only(desk: Desk) -> None:
    desk.start(0, marked(10))
    desk.start(1, marked(10))
    desk.store.objects[object_of(records(10, 10)).name] = b"garbage"
    desk.accept(0, records(10, 19))
    desk.accept(1, records(10, 19))
    actions = desk.steps()
    assert (actions.paused, actions.commits) == ({0}, {1: marked(20)})
    # A fetch that was on its way when it was paused is left in Kafka.
    desk.accept(0, records(20, 29))
    assert desk.worker.position(0) == 20
    assert desk.steps().commits == {}


def test_when_memory_is_full_all_is_paused_until_the_store_takes_it(desk: Desk) -> None:
    desk.limits = FlushLimits(1, 10**9, memory_bytes=1_000)
    desk.store.puts = [AWAY] * 3
    desk.start(0, marked(10))
    desk.start(1, marked(10))
    desk.accept(0, records(10, 19))
    assert desk.worker.step().paused == {0, 1}
    actions = desk.steps(16)
    assert (actions.paused, actions.commits) == (frozenset(), {0: marked(20)})


# --- arrivals, cuts, other topics of the same name --------------------------------


@pytest.mark.parametrize("arrived_ms", [0, 2**62])
def test_a_record_without_a_plausible_arrival_stops_its_partition_and_is_not_archived(
    desk: Desk, arrived_ms: int, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.start(0, marked(10))
    desk.start(1, marked(10))
    desk.accept(0, [*records(10, 12), KafkaRecord(13, arrived_ms)])
    desk.accept(1, records(10, 19))
    actions = desk.steps()
    assert (actions.paused, actions.commits) == ({0}, {1: marked(20)})
    assert desk.worker.position(0) == 10
    assert "no plausible time of arrival" in capsys.readouterr().out


def test_a_cut_log_stops_its_partition_loudly_and_no_other(desk: Desk) -> None:
    desk.limits = NOTHING_DUE
    for partition in (0, 1):
        desk.start(partition, marked(10))
        desk.accept(partition, records(10, 19))
    desk.worker.on_log_cut(0, 15)
    assert sample("dronewatch_consumer_stopped_partitions", reason="log_cut") == 1
    assert desk.steps().paused == {0}
    assert desk.worker.drain({1}, 5.0) == {1: marked(20)}
    desk.worker.drop({0})
    assert sample("dronewatch_consumer_stopped_partitions", reason="log_cut") == 0


def test_a_cut_partition_goes_on_in_the_timeline_that_somebody_begins(desk: Desk) -> None:
    desk.start(0, marked(10))
    desk.accept(0, records(10, 19))
    desk.steps()
    desk.worker.on_log_cut(0, 15)
    assert desk.steps().paused == {0}
    name = timeline_name(TOPIC_ID, 0, 1)
    desk.store.objects[name] = empty_object(timeline_footer(TOPIC_ID, 0, 15))
    assert desk.steps().paused == frozenset()
    # The loop asks anew where it begins; the old timeline's commit means nothing.
    assert desk.worker.position(0) is None
    assert desk.start(0, marked(20)) == 15
    desk.accept(0, records(15, 24))
    second = Timeline(TOPIC_ID, 1, 15)
    assert desk.steps().commits == {0: OffsetAndMetadata(25, second.mark, EPOCH)}
    chains = {footer_of(content).topic_id for content in desk.store.objects.values()}
    assert chains == {SHORT_ID, second.chain_id}


def test_nothing_is_put_until_the_topics_id_is_known_to_be_the_same(desk: Desk) -> None:
    desk.start(0, marked(10))
    desk.topic.topic_id = KafkaError("away")
    desk.accept(0, records(10, 19))
    assert desk.steps().commits == {}
    assert desk.store.put_names == []
    desk.topic.topic_id = TOPIC_ID
    assert desk.steps().commits == {0: marked(20)}


def test_a_topic_made_anew_gets_its_old_records_put_and_is_begun_anew(desk: Desk) -> None:
    desk.limits = NOTHING_DUE
    desk.start(0, marked(10))
    desk.accept(0, records(10, 19))
    desk.steps()
    # These may be the old topic's or the new one's.
    desk.accept(0, records(20, 24))
    desk.topic.topic_id = OTHER_ID
    actions = desk.steps()
    assert (desk.worker.position(0), actions.commits) == (None, {})
    assert list(desk.store.objects.values()) == [object_of(records(10, 19)).content]
    # The old mark means nothing in the new topic.
    assert desk.start(0, marked(20)) == 0
    desk.accept(0, records(0, 4))
    assert desk.worker.drain({0}, 5.0) == {0: marked(5, OTHER_ID)}
    assert len(desk.store.objects) == 2


def test_closing_closes_what_it_holds(desk: Desk) -> None:
    desk.worker.close()
    assert desk.topic.closed
