"""The part of KafkaConsumer that loop, observer and listener use, on a played Kafka."""

from collections.abc import Coroutine, Iterable
from dataclasses import dataclass, field
from itertools import groupby
from types import SimpleNamespace
from typing import Any

from kafka import TopicPartition
from kafka.errors import KafkaTimeoutError, LogTruncationError, OffsetOutOfRangeError
from kafka.structs import ConsumerGroupMetadata, MemberState, OffsetAndMetadata

from services.stream.worker import NO_EPOCH, Fetch
from tests.model.played_kafka import Entry, PlayedGroup, PlayedKafka, PlayedLog

TOPIC = "reports"
PREFETCHED = 6


@dataclass(slots=True)
class Position:
    """Where a partition is read on; entries that came already, as kafka-python fetches ahead."""

    offset: int
    epoch: int = NO_EPOCH
    validated_epoch: int = NO_EPOCH
    is_paused: bool = False
    fetched: list[Entry] = field(default_factory=list)


class PlayedConsumer:
    """One member; `max_records`, `is_deaf` and `is_rebalancing` are set by the world."""

    def __init__(self, kafka: PlayedKafka, group: PlayedGroup) -> None:
        self.kafka = kafka
        self.group = group
        self.positions: dict[int, Position] = {}
        self.listener: Any = None
        self.max_records = 3
        # It does not hear that it is out of the group: a zombie.
        self.is_deaf = False
        self.is_rebalancing = False
        self.is_closed = False
        self._coordinator = SimpleNamespace(rejoining=False, _assignors={})
        self._fetcher = SimpleNamespace(_next_partition_records=None)
        self._subscription = SimpleNamespace(is_assigned=self._is_assigned, seek=self.seek)

    # --- the group ------------------------------------------------------------

    def subscribe(self, topics: list[str], listener: Any) -> None:
        assert topics == [TOPIC]
        self.listener = listener
        self.group.join(self)

    def assignment(self) -> set[TopicPartition]:
        return with_topic(self.positions)

    def group_metadata(self) -> ConsumerGroupMetadata:
        state = MemberState.REBALANCING if self.is_rebalancing else MemberState.STABLE
        return ConsumerGroupMetadata(state=state)

    def _meet_group(self) -> None:
        """What poll does before it fetches: lose, give up and get partitions."""
        if self not in self.group.members:
            if self.is_deaf:
                return
            lost, self.is_rebalancing = with_topic(self.positions), True
            run(self.listener.on_partitions_lost(lost))
            self.positions.clear()
            self.group.join(self)
        targets = {p for p, target in self.group.targets.items() if target is self}
        self._give_up(self.positions.keys() - targets)
        self._take({p for p in targets if self.group.owners.get(p) in (None, self)})
        self.is_rebalancing = False

    def _give_up(self, partitions: set[int]) -> None:
        if partitions:
            self.is_rebalancing = True
            run(self.listener.on_partitions_revoked(with_topic(partitions)))
        for partition in partitions:
            del self.positions[partition]
            if self.group.owners.get(partition) is self:
                del self.group.owners[partition]

    def _take(self, partitions: set[int]) -> None:
        new = partitions - self.positions.keys()
        self.group.owners |= dict.fromkeys(new, self)
        self.positions |= {p: Position(-1) for p in new}
        if new:
            run(self.listener.on_partitions_assigned(with_topic(new)))

    def close(self, timeout_ms: int = 0) -> None:
        if self in self.group.members:
            self._give_up(set(self.positions))
        self.group.evict(self)
        self.is_closed = True

    # --- offsets --------------------------------------------------------------

    def committed(
        self, at: TopicPartition, metadata: bool, timeout_ms: int
    ) -> OffsetAndMetadata | None:
        self.kafka.check_answer()
        return self.group.committed.get(at.partition)

    def beginning_offsets(
        self, at: Iterable[TopicPartition], timeout_ms: int
    ) -> dict[TopicPartition, int]:
        self.kafka.check_answer()
        return {one: self._log(one.partition).start for one in at}

    def end_offsets(
        self, at: Iterable[TopicPartition], timeout_ms: int
    ) -> dict[TopicPartition, int]:
        self.kafka.check_answer()
        return {one: self._log(one.partition).end for one in at}

    def highwater(self, at: TopicPartition) -> int:
        return self._log(at.partition).end

    def commit(self, commits: dict[TopicPartition, Any], timeout_ms: int) -> None:
        self.group.commit(self, {at.partition: commit for at, commit in commits.items()})

    async def commit_async(self, commits: dict[TopicPartition, Any]) -> None:
        self.commit(commits, 0)

    # --- reading --------------------------------------------------------------

    def seek(self, at: TopicPartition, offset: int | OffsetAndMetadata) -> None:
        is_plain = isinstance(offset, int)
        position = self.positions[at.partition]
        position.offset = offset if is_plain else offset.offset
        position.epoch = NO_EPOCH if is_plain else offset.leader_epoch
        position.validated_epoch = NO_EPOCH
        position.fetched = []

    def position(self, at: TopicPartition, timeout_ms: int) -> int:
        self.kafka.check_answer()
        position = self.positions[at.partition]
        self._validate({at.partition: position})
        return position.offset

    def pause(self, at: TopicPartition) -> None:
        self.positions[at.partition].is_paused = True

    def resume(self, at: TopicPartition) -> None:
        self.positions[at.partition].is_paused = False

    def paused(self) -> set[TopicPartition]:
        return with_topic(p for p, position in self.positions.items() if position.is_paused)

    def poll(self, timeout_ms: int) -> dict[TopicPartition, list[Fetch]]:
        self.kafka.clock.now_seconds += timeout_ms / 1000
        self._meet_group()
        if self.kafka.answer() == "error":
            raise KafkaTimeoutError("no answer")
        readable = {p: at for p, at in sorted(self.positions.items()) if not at.is_paused}
        self._validate(readable)
        out_of_range = self._out_of_range(readable)
        fetches = {
            TopicPartition(TOPIC, p): found
            for p, at in readable.items()
            if p not in out_of_range and (found := self._fetches(p, at))
        }
        # kafka-python hands over what it has before it says what is wrong.
        if out_of_range and not fetches:
            raise OffsetOutOfRangeError(
                {TopicPartition(TOPIC, p): readable[p].offset for p in sorted(out_of_range)[:1]}
            )
        return fetches

    def _out_of_range(self, positions: dict[int, Position]) -> set[int]:
        logs = {p: self._log(p) for p in positions}
        return {
            p
            for p, at in positions.items()
            if not at.fetched and not logs[p].start <= at.offset <= logs[p].end
        }

    def _validate(self, positions: dict[int, Position]) -> None:
        """Ask where the position's epoch ends once the partition has another leader."""
        cut: dict[TopicPartition, OffsetAndMetadata] = {}
        for partition, at in positions.items():
            log = self._log(partition)
            is_validated = log.epoch <= max(at.validated_epoch, at.epoch)
            if at.epoch == NO_EPOCH or is_validated or at.fetched:
                continue
            if (end := log.end_of_epoch(at.epoch)) < at.offset:
                cut[TopicPartition(TOPIC, partition)] = OffsetAndMetadata(end, "", at.epoch)
            else:
                at.validated_epoch = log.epoch
        if cut:
            raise LogTruncationError(cut)

    def _fetches(self, partition: int, at: Position) -> list[Fetch]:
        """Fetches of what came before, each of one leader epoch; then more is fetched ahead."""
        log = self._log(partition)
        if not at.fetched:
            self._fetch_ahead(log, at)
        taken, at.fetched = at.fetched[: self.max_records], at.fetched[self.max_records :]
        half = (len(taken) + 1) // 2
        parts = [
            list(part)
            for some in (taken[:half], taken[half:])
            for _, part in groupby(some, lambda entry: entry.epoch)
        ]
        fetches = [self._fetch(partition, at, part) for part in parts]
        if log.unreadable_at is not None and at.offset == log.unreadable_at and not at.fetched:
            cause = "its checksum is wrong"
            fetches.append(Fetch(partition, at.offset, [], at.offset, unreadable=cause))
        return fetches

    def _fetch_ahead(self, log: PlayedLog, at: Position) -> None:
        end = log.end if log.unreadable_at is None else max(log.unreadable_at, at.offset)
        at.fetched = log.entries[at.offset : min(end, at.offset + PREFETCHED)]

    def _fetch(self, partition: int, at: Position, part: list[Entry]) -> Fetch:
        begin, at.offset, at.epoch = at.offset, part[-1].offset + 1, part[-1].epoch
        records = [entry for entry in part if entry.value is not None]
        return Fetch(partition, begin, records, at.offset, part[0].timestamp, at.epoch)

    def _log(self, partition: int) -> PlayedLog:
        return self.kafka.topic.logs[partition]

    def _is_assigned(self, at: TopicPartition) -> bool:
        return at.partition in self.positions


def with_topic(partitions: Iterable[int]) -> set[TopicPartition]:
    """The partitions as kafka-python names them."""
    return {TopicPartition(TOPIC, partition) for partition in partitions}


def run(coroutine: Coroutine[Any, Any, None]) -> None:
    """Run a listener's callback, which waits for nothing that is not played."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    raise AssertionError("the callback waits for something")
