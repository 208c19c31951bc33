"""What archiving's worker tells the loop: what to commit, where to seek, what to pause."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from kafka.errors import KafkaError
from kafka.structs import OffsetAndMetadata
from services.archiving.starting import commit_mark

from services.archiving import worker as archiving_worker
from services.archiving.limits import FlushLimits
from services.archiving.store import StoreUnavailableError
from services.archiving.worker import ArchivingWorker
from services.stream.worker import NotNow, Turn
from tests.archiving.records import TOPIC_ID, KafkaRecord, object_of, records
from tests.archiving.scripted import ScriptedStore

OTHER_ID = "f" * 32
NOTHING_DUE = FlushLimits(10**9, 10**9, 10**9)
ALL_DUE = FlushLimits(1, 10**9, 10**9)


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
class Desk:
    """A worker with its store and its topic."""

    store: ScriptedStore = field(default_factory=ScriptedStore)
    topic: NamedTopic = field(default_factory=NamedTopic)
    limits: FlushLimits = ALL_DUE
    made: list[ArchivingWorker] = field(default_factory=list)

    @property
    def worker(self) -> ArchivingWorker:
        if not self.made:
            self.made.append(ArchivingWorker(self.store, self.topic, self.limits))
        return self.made[0]

    def take(self, partition: int, of: list[KafkaRecord]) -> None:
        self.worker.take(partition, of)

    def turns(self, count: int = 3) -> Turn:
        """Some turns, each after its puts have ended; all they want, as one."""
        wanted = [self._turn() for _ in range(count)]
        return Turn(
            commits={p: c for turn in wanted for p, c in turn.commits.items()},
            seeks={p: s for turn in wanted for p, s in turn.seeks.items()},
            paused=wanted[-1].paused,
            restarted=frozenset().union(*(turn.restarted for turn in wanted)),
        )

    def _turn(self) -> Turn:
        turn = self.worker.turn()
        self.worker._await_landing()
        return turn


@pytest.fixture(autouse=True)
def _check_every_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archiving_worker, "CHECK_IDENTITY_SECONDS", 0.0)
    monkeypatch.setattr(archiving_worker, "PUMP_SECONDS", 2.0)


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    for worker in made.made:
        worker.close()


def marked(offset: int, topic_id: str = TOPIC_ID) -> OffsetAndMetadata:
    return OffsetAndMetadata(offset, commit_mark(topic_id), -1)


def test_a_marked_commit_is_where_it_begins(desk: Desk) -> None:
    assert desk.worker.begin(0, marked(10), 0) == 10
    assert desk.turns().commits == {}


def test_what_is_put_is_committed_with_the_mark_and_no_earlier(desk: Desk) -> None:
    desk.worker.begin(0, marked(10), 0)
    desk.take(0, records(10, 19))
    assert desk.worker.turn().commits == {}
    assert desk.turns().commits == {0: marked(20)}
    assert list(desk.store.objects.values()) == [object_of(records(10, 19)).content]


def test_nothing_is_committed_while_nothing_is_due(desk: Desk) -> None:
    desk.limits = NOTHING_DUE
    desk.worker.begin(0, marked(10), 0)
    desk.take(0, records(10, 19))
    assert desk.turns() == Turn()
    assert desk.store.put_names == []


def test_a_start_found_by_listing_is_committed_though_nothing_follows(desk: Desk) -> None:
    standing = object_of(records(0, 9))
    desk.store.objects[standing.name] = standing.content
    assert desk.worker.begin(0, None, 0) == 10
    assert desk.turns().commits == {0: marked(10)}


def test_the_logs_start_is_not_committed_as_it_is_no_objects_end(desk: Desk) -> None:
    assert desk.worker.begin(0, None, 7) == 7
    assert desk.turns().commits == {}


def test_an_object_walked_over_is_committed_and_sought_past(desk: Desk) -> None:
    standing = object_of(records(10, 19))
    desk.store.objects[standing.name] = standing.content
    desk.worker.begin(0, marked(10), 0)
    desk.take(0, records(10, 14))
    turn = desk.turns()
    assert (turn.commits, turn.seeks) == ({0: marked(20)}, {0: 20})


@pytest.mark.parametrize("last", [12, 30])
def test_a_412_commits_and_seeks_to_the_end_of_what_stands(desk: Desk, last: int) -> None:
    desk.worker.begin(0, marked(10), 0)
    desk.take(0, records(10, 19))
    standing = object_of(records(10, last))
    desk.store.objects[standing.name] = standing.content
    turn = desk.turns()
    assert (turn.commits, turn.seeks) == ({0: marked(last + 1)}, {0: last + 1})
    # Records that were fetched before the seek are below it, or read again.
    desk.take(0, records(last + 1, 40))
    assert desk.turns().commits == {0: marked(41)}
    assert desk.store.objects[object_of(records(last + 1, 40)).name]


def test_settled_partitions_are_put_and_committed_and_forgotten(desk: Desk) -> None:
    desk.limits = NOTHING_DUE
    for partition in (0, 1):
        desk.worker.begin(partition, marked(10), 0)
        desk.take(partition, records(10, 19))
    assert desk.worker.settle({0}, 5.0) == {0: marked(20)}
    desk.take(0, records(20, 29))
    assert desk.worker.settle({0}, 5.0) == {}
    assert list(desk.store.objects) == [object_of(records(10, 19)).name]
    assert desk.worker.settle({1}, 5.0) == {1: marked(20)}


def test_settling_past_the_deadline_commits_nothing_and_comes_back(desk: Desk) -> None:
    desk.store.puts = [StoreUnavailableError("away")] * 1_000
    desk.worker.begin(0, marked(10), 0)
    desk.take(0, records(10, 19))
    begun = time.monotonic()
    assert desk.worker.settle({0}, 0.5) == {}
    assert time.monotonic() - begun < 5


def test_dropped_partitions_are_neither_put_nor_committed(desk: Desk) -> None:
    desk.limits = NOTHING_DUE
    desk.worker.begin(0, marked(10), 0)
    desk.take(0, records(10, 19))
    desk.worker.drop({0})
    assert desk.turns() == Turn()
    assert desk.worker.settle({0}, 1.0) == {}
    assert desk.store.put_names == []


def test_an_unreadable_object_pauses_its_partition_only(desk: Desk) -> None:
    desk.worker.begin(0, marked(10), 0)
    desk.worker.begin(1, marked(10), 0)
    desk.store.objects[object_of(records(10, 10)).name] = b"garbage"
    desk.take(0, records(10, 19))
    desk.take(1, records(10, 19))
    turn = desk.turns()
    assert (turn.paused, turn.commits) == ({0}, {1: marked(20)})
    desk.take(0, records(20, 29))
    assert desk.turns().commits == {}


def test_an_unreadable_last_object_lets_the_partition_begin_paused(desk: Desk) -> None:
    desk.store.objects[object_of(records(10, 10)).name] = b"garbage"
    assert desk.worker.begin(0, None, 3) == 3
    desk.take(0, records(3, 9))
    turn = desk.turns()
    assert (turn.paused, turn.commits, desk.store.put_names) == ({0}, {}, [])


def test_when_memory_is_full_all_is_paused_until_the_store_takes_it(desk: Desk) -> None:
    desk.limits = FlushLimits(1, 10**9, memory_bytes=1_000)
    desk.store.puts = [StoreUnavailableError("away")] * 3
    desk.worker.begin(0, marked(10), 0)
    desk.worker.begin(1, marked(10), 0)
    desk.take(0, records(10, 19))
    assert desk.worker.turn().paused == {0, 1}
    turn = desk.turns()
    assert (turn.paused, turn.commits) == (frozenset(), {0: marked(20)})


def test_a_store_away_while_looking_asks_for_the_partition_anew(desk: Desk) -> None:
    desk.worker.begin(0, marked(10), 0)
    desk.store.tails = [StoreUnavailableError("away")]
    desk.take(0, records(10, 19))
    assert desk.turns().restarted == {0}
    assert desk.worker.begin(0, marked(10), 0) == 10
    desk.take(0, records(10, 19))
    assert desk.turns().commits == {0: marked(20)}


def test_a_store_away_at_the_beginning_is_asked_again(desk: Desk) -> None:
    desk.store.tails = [StoreUnavailableError("away")]
    standing = object_of(records(0, 9))
    desk.store.objects[standing.name] = standing.content
    with pytest.raises(NotNow, match="store"):
        desk.worker.begin(0, None, 0)
    assert desk.worker.begin(0, None, 0) == 10


@pytest.mark.parametrize("unknown", [KafkaError("away"), None])
def test_without_the_topics_id_nothing_begins(desk: Desk, unknown: Exception | None) -> None:
    desk.topic.topic_id = unknown
    with pytest.raises(NotNow, match="topic"):
        desk.worker.begin(0, marked(10), 0)


def test_nothing_is_put_until_the_topics_id_is_known_to_be_the_same(desk: Desk) -> None:
    desk.worker.begin(0, marked(10), 0)
    desk.topic.topic_id = KafkaError("away")
    desk.take(0, records(10, 19))
    assert desk.turns().commits == {}
    assert desk.store.put_names == []
    desk.topic.topic_id = TOPIC_ID
    assert desk.turns().commits == {0: marked(20)}


def test_a_topic_made_anew_gets_its_old_records_put_and_is_begun_anew(desk: Desk) -> None:
    desk.limits = NOTHING_DUE
    desk.worker.begin(0, marked(10), 0)
    desk.take(0, records(10, 19))
    desk.turns()
    # These may be the old topic's or the new one's.
    desk.take(0, records(20, 24))
    desk.topic.topic_id = OTHER_ID
    turn = desk.turns()
    assert (turn.restarted, turn.commits) == ({0}, {})
    assert list(desk.store.objects.values()) == [object_of(records(10, 19)).content]
    # The old mark means nothing in the new topic.
    assert desk.worker.begin(0, marked(20), 0) == 0
    desk.take(0, records(0, 4))
    assert desk.worker.settle({0}, 5.0) == {0: marked(5, OTHER_ID)}
    assert len(desk.store.objects) == 2


def test_records_of_a_partition_it_does_not_have_are_ignored(desk: Desk) -> None:
    desk.take(5, records(0, 9))
    assert desk.turns() == Turn()


def test_closing_closes_what_it_holds(desk: Desk) -> None:
    desk.worker.close()
    assert desk.topic.closed
