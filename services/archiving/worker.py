"""The worker behind archiving's consumer loop. The protocol: docs/architecture.md."""

import time
from collections.abc import Callable, Set
from dataclasses import dataclass

import structlog
from kafka.errors import KafkaError
from kafka.structs import OffsetAndMetadata

from services.archiving import metrics
from services.archiving.chain import ChainWriter, StrangeArrivalError
from services.archiving.limits import FlushLimits, largest_if_crowded
from services.archiving.naming import arrival_hour
from services.archiving.partition_starts import PartitionStarts
from services.archiving.store import Store
from services.archiving.timeline import Timeline
from services.archiving.uploads import Uploads
from services.stream.identity import Identity, known_topic_id
from services.stream.unreadable import STOPPED
from services.stream.worker import Actions, Commits, Fetch, LogRange, NotNow

CHECK_IDENTITY_SECONDS = 1.0
# How far a broker's clock may be ahead of this one's.
AHEAD_HOURS = 24
NOT_COMMITTED = -1

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Clocks:
    """The wall clock (ms since the epoch) and a monotonic one (seconds)."""

    now_ms: Callable[[], int]
    monotonic: Callable[[], float] = time.monotonic


class ArchivingWorker:
    """Gathers records by partition, puts them as objects, commits the ends of chains."""

    def __init__(
        self, store: Store, identity: Identity, limits: FlushLimits, clocks: Clocks
    ) -> None:
        self.identity = identity
        self.limits = limits
        self.clocks = clocks
        self.starts = PartitionStarts(store, clocks.monotonic)
        self.uploads = Uploads(store)
        self.topic_id: str | None = None
        self.timelines: dict[int, Timeline] = {}
        self.chains: dict[int, ChainWriter] = {}
        # Partitions whose log was cut: they wait for a new timeline.
        self.cut: set[int] = set()
        # Those that met an object of another leader: their commits say less than the archive.
        self.diverged: set[int] = set()
        # Of topics that are gone: to be put, with nothing to commit.
        self.orphans: list[ChainWriter] = []
        self.committed: dict[int, int] = {}
        self.checked_at_seconds = clocks.monotonic()

    # --- called by the loop ---------------------------------------------------

    def start_offset(
        self, partition: int, committed: OffsetAndMetadata | None, log_range: LogRange
    ) -> int:
        """Return the end of the chain: as committed with its mark, or found in the archive."""
        topic_id = self._current_topic_id()
        now_hour = arrival_hour(self.clocks.now_ms())
        timeline = self.starts.latest_timeline(topic_id, partition)
        trusted = None if partition in self.diverged else committed
        try:
            found = self.starts.start(timeline, partition, trusted, log_range.start, now_hour)
        finally:
            self._export()
        self.diverged.discard(partition)
        self.timelines[partition] = timeline
        end = found.done
        self.chains[partition] = ChainWriter(timeline.chain_id, partition, end, found.done_epoch)
        # The log's start as it is needs no commit: it is no object's end.
        is_committed = end == 0 or (committed is not None and committed.offset == end)
        self.committed[partition] = end if is_committed else NOT_COMMITTED
        return end

    def position(self, partition: int) -> int | None:
        """Where the partition's next fetch must begin."""
        chain = self.chains.get(partition)
        return None if chain is None else chain.position

    def accept(self, fetch: Fetch) -> None:
        """Add a fetch to its partition's object."""
        chain = self.chains[fetch.partition]
        if chain.is_held:
            return
        latest_hour = arrival_hour(self.clocks.now_ms()) + AHEAD_HOURS
        try:
            chain.accept(fetch, self.clocks.monotonic(), latest_hour)
        except StrangeArrivalError as error:
            self._stop(chain, f"records from offset {error} on have no plausible time of arrival")

    def step(self) -> Actions:
        """Collect what was put, seal what is due, put what is sealed."""
        self._collect()
        self._seal_due()
        if self.clocks.monotonic() - self.checked_at_seconds >= CHECK_IDENTITY_SECONDS:
            self._check_identity()
            self._look_for_timelines()
        self._start_uploads()
        return Actions(commits=self._commits(self.chains.keys()), paused=self._paused())

    def on_committed(self, partitions: Set[int]) -> None:
        """Nothing waits for it."""

    def on_log_cut(self, partition: int, offset: int) -> None:
        """Stop the partition: other records will bear offsets that the archive has already."""
        self._stop(
            self.chains[partition], f"Kafka lost the log from offset {offset} on after it was read"
        )
        self.cut.add(partition)
        STOPPED.labels("log_cut").set(len(self.cut))

    def drain(self, partitions: Set[int], deadline_seconds: float) -> Commits:
        """Put everything of these partitions; what is not put in time is forgotten."""
        deadline = self.clocks.monotonic() + deadline_seconds
        chains = [self.chains[p] for p in partitions if p in self.chains]
        self._check_identity()
        for chain in chains:
            if self.clocks.monotonic() < deadline:
                chain.seal()
                self._start_uploads()
        while self.clocks.monotonic() < deadline and any(map(is_awaited, [*chains, *self.orphans])):
            self._start_uploads()
            self.uploads.wait()
            self._collect()
        commits = self._commits(partitions)
        left = sorted(chain.partition for chain in chains if chain.oldest_ms is not None)
        if left:
            log.warning("not archived in time, the next owner reads it again", partitions=left)
        self.drop(partitions)
        return commits

    def drop(self, partitions: Set[int]) -> None:
        """Forget these partitions; puts on their way may still succeed, which is safe."""
        self.starts.forget(partitions)
        self.cut -= partitions
        STOPPED.labels("log_cut").set(len(self.cut))
        for partition in partitions & self.chains.keys():
            chain = self.chains.pop(partition)
            if chain not in self.orphans:
                self.uploads.forget(chain)

    def close(self) -> None:
        """Close the connection; threads with puts end with the process."""
        self.identity.close()

    # --- objects --------------------------------------------------------------

    def _start_uploads(self) -> None:
        self.uploads.start([*self.chains.values(), *self.orphans], self.clocks.monotonic())

    def _collect(self) -> None:
        self.uploads.collect(self.clocks.monotonic())
        self.orphans = [orphan for orphan in self.orphans if orphan.is_busy]
        # They start again from the archive: that object's leader epoch lets Kafka tell the cut.
        diverged = {p for p, chain in self.chains.items() if chain.has_diverged}
        self.diverged |= diverged
        self.drop(diverged)

    def _seal_due(self) -> None:
        now = self.clocks.monotonic()
        for chain in self.chains.values():
            chain.seal_if_due(now, self.limits)
        growing = {p: chain.growing_bytes for p, chain in self.chains.items()}
        largest = largest_if_crowded(growing, self.limits)
        if largest is not None:
            self.chains[largest].seal()

    def _commits(self, partitions: Set[int]) -> dict[int, OffsetAndMetadata]:
        """The ends of chains that moved since they were committed."""
        moved = {
            p: chain
            for p, chain in self.chains.items()
            if p in partitions and chain.end != self.committed[p]
        }
        self.committed |= {p: chain.end for p, chain in moved.items()}
        marks = {p: self.timelines[p].mark for p in moved}
        return {p: OffsetAndMetadata(c.end, marks[p], c.end_epoch) for p, c in moved.items()}

    def _paused(self) -> frozenset[int]:
        chains = [*self.chains.values(), *self.orphans]
        used_bytes = sum(chain.growing_bytes + chain.queued_bytes for chain in chains)
        if used_bytes > self.limits.memory_bytes:
            return frozenset(self.chains)
        return frozenset(p for p, chain in self.chains.items() if chain.is_held)

    def _stop(self, chain: ChainWriter, cause: str) -> None:
        chain.stopped_because = cause
        log.error("partition stopped", partition=chain.partition, cause=cause)
        self._export()

    # --- which topic it is, and which timeline --------------------------------

    def _current_topic_id(self) -> str:
        topic_id = known_topic_id(self.identity)
        if topic_id != self.topic_id:
            self._change_topic(topic_id)
        return topic_id

    def _check_identity(self) -> None:
        """What was read up to now is of our topic if the topic is still the same."""
        self.checked_at_seconds = self.clocks.monotonic()
        self._export()
        try:
            topic_id = self.identity.current()
        except KafkaError as error:
            log.debug("topic id unknown, putting nothing until it is", cause=str(error))
            return
        if topic_id not in (None, self.topic_id):
            self._change_topic(topic_id)
            return
        for chain in self.chains.values():
            chain.note_verified()

    def _change_topic(self, topic_id: str) -> None:
        """Finish what is surely of the old topic; its partitions are to be started again."""
        if self.topic_id is not None:
            log.warning("the topic was made anew", old=self.topic_id, new=topic_id)
        for chain in self.chains.values():
            chain.shorten_to_verified()
        self.orphans += [chain for chain in self.chains.values() if chain.is_busy]
        self.drop(self.chains.keys() | self.starts.under_way.keys())
        self.topic_id = topic_id

    def _look_for_timelines(self) -> None:
        """Start a partition whose log was cut again, once somebody has begun a timeline for it."""
        for partition in sorted(self.cut):
            try:
                latest = self.starts.latest_timeline(self.topic_id or "", partition)
            except NotNow as error:
                log.debug("timelines unknown, asking again", cause=str(error))
                return
            if latest.number > self.timelines[partition].number:
                log.warning("partition goes on in a new timeline", partition=partition)
                self.drop({partition})

    def _export(self) -> None:
        metrics.export(self.chains.values(), len(self.starts.stuck), self.clocks.now_ms())


def is_awaited(chain: ChainWriter) -> bool:
    """Whether the store may still take what waits."""
    return chain.is_busy and not chain.stuck_because
