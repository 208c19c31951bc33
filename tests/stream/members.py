"""A loop in a thread with a worker that only writes down what happens to it."""

import threading
import time
from collections.abc import Callable, Iterator, Set
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from kafka import KafkaAdminClient, TopicPartition
from kafka.structs import OffsetAndMetadata

from services.runtime.health import Health
from services.stream.connection import KafkaConnection, client_settings
from services.stream.consumer import group_consumer
from services.stream.loop import ConsumerLoop
from services.stream.producer import producer
from services.stream.records import read_fetches
from services.stream.worker import Actions, Commits, Fetch, LogRange, Worker

# Members hear of a rebalance soon, and none is thrown out because the machine is busy.
MEMBERSHIP = {"session_timeout_ms": 20_000, "heartbeat_interval_ms": 500}
STOP_SECONDS = 10.0


def awaited(condition: Callable[[], object], timeout_seconds: float = 30.0) -> bool:
    """Whether the condition came true in time."""
    deadline = time.monotonic() + timeout_seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return bool(condition())


@dataclass(slots=True)
class RecordingWorker:
    """Commits what it accepted unless it is to hold it back; drains and forgets as it is told."""

    holds_back: bool = False
    paused: set[int] = field(default_factory=set)
    # Where partitions are to begin instead of at the committed offset, one a call.
    starts: list[int] = field(default_factory=list)
    started: list[tuple[int, int | None, LogRange]] = field(default_factory=list)
    positions: dict[int, int] = field(default_factory=dict)
    accepted: dict[int, list[int]] = field(default_factory=dict)
    values: list[bytes | None] = field(default_factory=list)
    open: dict[int, OffsetAndMetadata] = field(default_factory=dict)
    steps: int = 0
    polls_immediately: bool = False
    acknowledged: list[Set[int]] = field(default_factory=list)
    cuts: list[tuple[int, int]] = field(default_factory=list)
    drained: list[Set[int]] = field(default_factory=list)
    dropped: list[Set[int]] = field(default_factory=list)
    is_closed: bool = False

    def start_offset(
        self, partition: int, committed: OffsetAndMetadata | None, log_range: LogRange
    ) -> int:
        offset = committed.offset if committed else None
        self.started.append((partition, offset, log_range))
        start = self.starts.pop(0) if self.starts else max(offset or 0, log_range.start)
        self.positions[partition] = start
        return start

    def position(self, partition: int) -> int | None:
        return self.positions.get(partition)

    def accept(self, fetch: Fetch) -> None:
        assert fetch.begin == self.positions[fetch.partition]
        assert all(fetch.begin <= record.offset < fetch.end for record in fetch.records)
        self.accepted.setdefault(fetch.partition, []).extend(r.offset for r in fetch.records)
        self.values.extend(record.value for record in fetch.records)
        self.positions[fetch.partition] = fetch.end
        self.open[fetch.partition] = OffsetAndMetadata(fetch.end, "mark", fetch.leader_epoch)

    def step(self) -> Actions:
        self.steps += 1
        commits = {} if self.holds_back else self._closed(set(self.open))
        return Actions(commits, frozenset(self.paused), self.polls_immediately)

    def on_committed(self, partitions: Set[int]) -> None:
        self.acknowledged.append(frozenset(partitions))

    def on_log_cut(self, partition: int, offset: int) -> None:
        self.cuts.append((partition, offset))
        self.open.pop(partition, None)
        self.positions[partition] = offset

    def drain(self, partitions: Set[int], deadline_seconds: float) -> Commits:
        assert deadline_seconds > 0
        if partitions:
            self.drained.append(frozenset(partitions))
        commits = self._closed(partitions)
        self._forget(partitions)
        return commits

    def drop(self, partitions: Set[int]) -> None:
        self.dropped.append(frozenset(partitions))
        self._forget(partitions)

    def close(self) -> None:
        self.is_closed = True

    def _closed(self, partitions: Set[int]) -> Commits:
        return {p: self.open.pop(p) for p in list(self.open) if p in partitions}

    def _forget(self, partitions: Set[int]) -> None:
        for partition in partitions:
            self.open.pop(partition, None)
            self.positions.pop(partition, None)

    @property
    def count(self) -> int:
        return sum(len(offsets) for offsets in self.accepted.values())


@dataclass(slots=True)
class Member:
    """A running loop, its worker and its health."""

    loop: ConsumerLoop
    worker: Any
    thread: threading.Thread
    failures: list[BaseException]

    @property
    def health(self) -> Health:
        return self.loop.observer.health

    @property
    def assigned(self) -> set[int]:
        return {partition.partition for partition in self.loop.consumer.assignment()}

    def stop(self) -> float:
        """Stop it as SIGTERM would; how many seconds that took."""
        begun = time.monotonic()
        self.loop.stop.set()
        self.thread.join(STOP_SECONDS + 5)
        assert not self.thread.is_alive()
        assert self.failures == []
        return time.monotonic() - begun


@contextmanager
def member(
    connection: KafkaConnection,
    topic: str,
    group: str,
    worker: Worker | None = None,
    **settings: Any,
) -> Iterator[Member]:
    """A member of the group, stopped at the end; `worker` is a RecordingWorker unless given."""
    consumer = read_fetches(group_consumer(connection, group, **(MEMBERSHIP | settings)))
    health = Health(time.monotonic, time.monotonic())
    worker = worker or RecordingWorker()
    loop = ConsumerLoop(consumer, topic, worker, health, threading.Event())
    failures: list[BaseException] = []
    thread = threading.Thread(target=_run, args=(loop, failures), name="loop")
    thread.start()
    running = Member(loop, worker, thread, failures)
    try:
        yield running
    finally:
        running.stop()


def _run(loop: ConsumerLoop, failures: list[BaseException]) -> None:
    try:
        loop.run()
    except BaseException as error:  # noqa: BLE001 - told by stop()
        failures.append(error)


def send(connection: KafkaConnection, topic: str, count: int, partitions: int = 1) -> None:
    """So many records, acknowledged, on each of the partitions."""
    with producer(connection) as sender:
        for number in range(count):
            for partition in range(partitions):
                sender.send(topic, value=f"{number}".encode(), partition=partition)
        sender.flush()


def committed(connection: KafkaConnection, topic: str, group: str) -> dict[int, int]:
    """The group's committed offsets."""
    with KafkaAdminClient(**client_settings(connection)) as admin:
        offsets = admin.list_group_offsets([group])[group]
    return {at.partition: found.offset for at, found in offsets.items() if at.topic == topic}


def delete_before(connection: KafkaConnection, topic: str, offset: int) -> None:
    """Let the log of partition 0 begin at the offset, as retention would."""
    with KafkaAdminClient(**client_settings(connection)) as admin:
        admin.delete_records({TopicPartition(topic, 0): offset})
