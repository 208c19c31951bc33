"""Loop and worker on a played consumer: a poll that revokes one partition and reads another.

kafka-python calls the rebalance listener within poll, and poll may still give what was fetched.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from kafka import TopicPartition
from kafka.structs import MemberState, OffsetAndMetadata
from prometheus_client import REGISTRY

from services.archiving import worker as archiving_worker
from services.archiving.footer import footer_of
from services.archiving.limits import FlushLimits
from services.archiving.store import StoreUnavailableError
from services.archiving.timeline import Timeline
from services.archiving.worker import ArchivingWorker, Clocks
from services.runtime.health import Health
from services.stream.loop import ConsumerLoop
from services.stream.rebalancing import RebalanceListener
from services.stream.worker import Fetch
from tests.archiving.records import NOON_MS, TOPIC_ID, fetch_of, object_of, records
from tests.archiving.scripted import ScriptedStore
from tests.archiving.test_worker import NamedTopic
from tests.stream.members import awaited

TOPIC = "reports"
STAYS, LEAVES = TopicPartition(TOPIC, 0), TopicPartition(TOPIC, 1)
NAMES_WITH_LEAVES = "-00001-"
Polled = Mapping[TopicPartition, list[Fetch]]


@dataclass(slots=True)
class SlowStore(ScriptedStore):
    """A store that gives no clear answer to the first put of the partition that leaves."""

    refusals: int = 1

    def put_new(self, name: str, content: bytes) -> bool:
        if NAMES_WITH_LEAVES in name and self.refusals:
            self.refusals -= 1
            raise StoreUnavailableError("away")
        return ScriptedStore.put_new(self, name, content)


@dataclass(slots=True)
class PlayedConsumer:
    """As much of KafkaConsumer as the loop uses; `polls` are what its polls do and give."""

    polls: list[Callable[[], Polled]] = field(default_factory=list)
    assigned: set[TopicPartition] = field(default_factory=lambda: {STAYS, LEAVES})
    held: set[TopicPartition] = field(default_factory=set)
    seeks: list[tuple[TopicPartition, int]] = field(default_factory=list)
    commits: dict[TopicPartition, int] = field(default_factory=dict)
    listener: RebalanceListener | None = None

    @property
    def _coordinator(self) -> Any:
        return SimpleNamespace(rejoining=False)

    @property
    def _fetcher(self) -> Any:
        return SimpleNamespace(_next_partition_records=None)

    @property
    def _subscription(self) -> Any:
        def seek(at: TopicPartition, offset: OffsetAndMetadata) -> None:
            self.seeks.append((at, offset.offset))

        return SimpleNamespace(is_assigned=self.assigned.__contains__, seek=seek)

    def poll(self, timeout_ms: int) -> Polled:
        assert timeout_ms >= 0
        return self.polls.pop(0)() if self.polls else {}

    def assignment(self) -> set[TopicPartition]:
        return self.assigned

    def paused(self) -> set[TopicPartition]:
        return set(self.held)

    def pause(self, at: TopicPartition) -> None:
        self.held.add(at)

    def resume(self, at: TopicPartition) -> None:
        self.held.discard(at)

    def group_metadata(self) -> Any:
        return SimpleNamespace(state=MemberState.STABLE)

    def committed(self, _at: TopicPartition, **_: Any) -> OffsetAndMetadata:
        return OffsetAndMetadata(10, Timeline(TOPIC_ID).mark, -1)

    def beginning_offsets(self, of: Iterable[TopicPartition], **_: Any) -> dict[Any, int]:
        return dict.fromkeys(of, 0)

    def end_offsets(self, of: Iterable[TopicPartition], **_: Any) -> dict[Any, int]:
        return dict.fromkeys(of, 100)

    def commit(self, offsets: Mapping[TopicPartition, OffsetAndMetadata], **_: Any) -> None:
        self.commits |= {at: offset.offset for at, offset in offsets.items()}

    async def commit_async(self, offsets: Mapping[TopicPartition, OffsetAndMetadata]) -> None:
        self.commit(offsets)

    def revoke(self, at: TopicPartition) -> None:
        assert self.listener is not None
        asyncio.run(self.listener.on_partitions_revoked({at}))
        self.assigned.discard(at)


@pytest.fixture
def consumer() -> PlayedConsumer:
    return PlayedConsumer()


@pytest.fixture
def store() -> SlowStore:
    return SlowStore()


@pytest.fixture
def loop(
    consumer: PlayedConsumer, store: SlowStore, monkeypatch: pytest.MonkeyPatch
) -> ConsumerLoop:
    """A loop that archives both partitions from offset 10 on; everything is put at once."""
    monkeypatch.setattr(archiving_worker, "CHECK_IDENTITY_SECONDS", 0.0)
    limits = FlushLimits(1, 10**9, 10**9)
    worker = ArchivingWorker(store, NamedTopic(), limits, Clocks(lambda: NOON_MS))
    health = Health(time.monotonic, time.monotonic())
    made = ConsumerLoop(consumer, TOPIC, worker, health, threading.Event())
    consumer.listener = RebalanceListener(consumer, worker, made._add, made._remove)
    made._add({0, 1})
    made.run_once()
    return made


def chain_of(store: SlowStore, at: TopicPartition) -> list[tuple[int, int]]:
    footers = [footer_of(content) for content in store.objects.values()]
    return [(footer.begin, footer.end) for footer in footers if footer.partition == at.partition]


def after_a_round(loop: ConsumerLoop, consumer: PlayedConsumer) -> dict[TopicPartition, int]:
    loop.run_once()
    return consumer.commits


def dropped() -> float:
    return REGISTRY.get_sample_value("dronewatch_consumer_dropped_records_total") or 0.0


def test_a_put_of_a_partition_that_stays_is_refused_while_another_is_revoked(
    loop: ConsumerLoop, consumer: PlayedConsumer, store: SlowStore
) -> None:
    """V1: nothing that was read before the jump is accepted after it."""
    existing = object_of(records(10, 14))
    store.objects[existing.name] = existing.content
    first = {at: [fetch_of(records(10, 19), at.partition)] for at in (STAYS, LEAVES)}
    before = dropped()

    def revoke_and_give_what_was_fetched() -> Polled:
        consumer.revoke(LEAVES)
        # The name was taken: the chain goes on behind the object that has it.
        assert loop.worker.position(STAYS.partition) == 15
        return {STAYS: [fetch_of(records(20, 29)), fetch_of(records(30, 34))]}

    consumer.polls = [lambda: first, revoke_and_give_what_was_fetched]
    loop.run_once()
    loop.run_once()
    assert consumer.commits[LEAVES] == 20
    assert loop.worker.position(STAYS.partition) == 15
    assert dropped() - before == 15
    assert consumer.seeks[-1] == (STAYS, 15)

    consumer.polls = [lambda: {STAYS: [fetch_of(records(15, 34))]}]
    assert awaited(lambda: after_a_round(loop, consumer).get(STAYS) == 35, 10)
    assert chain_of(store, STAYS) == [(10, 15), (15, 35)]


@pytest.mark.parametrize("begin", [12, 18, 25])
def test_a_fetch_that_begins_anywhere_but_at_the_position_is_dropped_and_read_again(
    loop: ConsumerLoop, consumer: PlayedConsumer, begin: int
) -> None:
    consumer.polls = [
        lambda: {STAYS: [fetch_of(records(10, 19))]},
        lambda: {STAYS: [fetch_of(records(begin, begin + 9))]},
    ]
    before = dropped()
    loop.run_once()
    loop.run_once()
    assert loop.worker.position(STAYS.partition) == 20
    assert dropped() - before == 10
    assert consumer.seeks[-1] == (STAYS, 20)
