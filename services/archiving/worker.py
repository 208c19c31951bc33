"""The worker behind archiving's consumer loop. The protocol: docs/architecture.md."""

import concurrent.futures
import time
from collections.abc import Sequence, Set

import structlog
from kafka.errors import KafkaError
from kafka.structs import OffsetAndMetadata

from services.archiving import metrics, starting
from services.archiving.footer import UnreadableObjectError
from services.archiving.landing import standing_last_offset
from services.archiving.limits import FlushLimits, largest_if_crowded
from services.archiving.naming import ObjectStart
from services.archiving.partition import PartitionArchive
from services.archiving.putting import PutThreads
from services.archiving.store import Store, StoreRefusalError, StoreUnavailableError
from services.runtime.clock import now_ms
from services.stream.identity import Identity, known_topic_id
from services.stream.worker import Commits, NotNow, Record, Turn

CHECK_IDENTITY_SECONDS = 1.0
PUT_THREADS = 4
PUMP_SECONDS = 0.05

log = structlog.get_logger()


class ArchivingWorker:
    """Gathers records by partition, puts them as objects, commits what stands in the store."""

    def __init__(self, store: Store, identity: Identity, limits: FlushLimits) -> None:
        self.store = store
        self.identity = identity
        self.limits = limits
        self.topic_id: str | None = None
        self.partitions: dict[int, PartitionArchive] = {}
        # Of topics that are gone: to be put, with nothing to commit.
        self.orphans: list[PartitionArchive] = []
        self.verified: dict[int, int] = {}
        self.checked_at_seconds = time.monotonic()
        self.commits: dict[int, OffsetAndMetadata] = {}
        self.seeks: dict[int, int] = {}
        self.restarted: set[int] = set()
        self.threads = PutThreads(PUT_THREADS)

    # --- called by the loop ---------------------------------------------------

    def begin(self, partition: int, committed: OffsetAndMetadata | None, log_start: int) -> int:
        """The end of an object: the committed one if it has our mark, else found by listing."""
        topic_id = self._current_topic_id()
        stuck_because = None
        try:
            start = self._start(topic_id, partition, committed, log_start)
        except (StoreUnavailableError, StoreRefusalError) as error:
            raise NotNow(f"the store does not answer: {error}") from error
        except UnreadableObjectError as error:
            start, stuck_because = log_start, error
        archive = PartitionArchive(starting.short_id(topic_id), partition, start)
        if stuck_because:
            archive.get_stuck(stuck_because)
        self.partitions[partition] = archive
        self.verified[partition] = start - 1
        if start > log_start and (committed is None or committed.offset != start):
            self._stands_until(partition, start)
        return start

    def take(self, partition: int, records: Sequence[Record]) -> None:
        """Add records to their partition's object."""
        archive = self.partitions.get(partition)
        if archive is None or archive.stuck_because:
            return
        try:
            seek = archive.take(records, self._standing, time.monotonic())
        except (StoreUnavailableError, StoreRefusalError) as error:
            log.warning("cannot look into the archive, trying again", cause=str(error))
            self.restarted.add(partition)
        except UnreadableObjectError as error:
            archive.get_stuck(error)
        else:
            if seek is not None:
                self._stands_until(partition, seek)
                self.seeks[partition] = seek

    def turn(self) -> Turn:
        """Collect what was put, seal what is due, put what is sealed."""
        self._collect()
        self._seal_due()
        if time.monotonic() - self.checked_at_seconds >= CHECK_IDENTITY_SECONDS:
            self._check_identity()
        self._start_landings()
        turn = Turn(self.commits, self.seeks, self._paused(), self.restarted)
        self.commits, self.seeks, self.restarted = {}, {}, set()
        return turn

    def committed(self, partitions: Set[int]) -> None:
        """Nothing waits for it."""

    def settle(self, partitions: Set[int], deadline_seconds: float) -> Commits:
        """Put everything of these partitions; what does not get there in time is forgotten."""
        deadline = time.monotonic() + deadline_seconds
        archives = [self.partitions[p] for p in partitions if p in self.partitions]
        self._check_identity()
        for archive in archives:
            if time.monotonic() < deadline:
                archive.seal()
                self._start_landings()
        while time.monotonic() < deadline and any(a.is_busy for a in [*archives, *self.orphans]):
            self._start_landings()
            self._await_landing()
            self._collect()
        commits = {p: commit for p, commit in self.commits.items() if p in partitions}
        left = sorted(archive.partition for archive in archives if archive.oldest_ms is not None)
        if left:
            log.warning("not archived in time, the next owner reads it again", partitions=left)
        self.drop(partitions)
        return commits

    def drop(self, partitions: Set[int]) -> None:
        """Forget these partitions; puts on their way may still land, which is safe."""
        for partition in partitions:
            archive = self.partitions.pop(partition, None)
            if archive:
                archive.give_up.set()
            self.commits.pop(partition, None)
            self.seeks.pop(partition, None)
            self.restarted.discard(partition)

    def close(self) -> None:
        """Stop putting."""
        for archive in [*self.partitions.values(), *self.orphans]:
            archive.give_up.set()
        self.identity.close()

    # --- objects --------------------------------------------------------------

    def _standing(self, start: ObjectStart) -> int | None:
        last_offset = standing_last_offset(self.store, start)
        if last_offset is not None:
            metrics.WALKED.inc()
        return last_offset

    def _collect(self) -> None:
        for partition, archive in self.partitions.items():
            landed = archive.landed()
            if landed is None:
                continue
            self._stands_until(partition, landed.next_offset)
            if not landed.is_ours:
                self.seeks[partition] = landed.next_offset
                # What is read again may be of another topic by then.
                self.verified[partition] = landed.next_offset - 1
        for orphan in self.orphans:
            orphan.landed()
        self.orphans = [orphan for orphan in self.orphans if orphan.queue]

    def _stands_until(self, partition: int, next_offset: int) -> None:
        """An object ends there: commit it, be it ours or another's, also when nothing follows."""
        if self.topic_id is not None:
            mark = starting.commit_mark(self.topic_id)
            self.commits[partition] = OffsetAndMetadata(next_offset, mark, -1)

    def _seal_due(self) -> None:
        for archive in self.partitions.values():
            archive.seal_if_due(time.monotonic(), self.limits)
        growing = {p: archive.growing_bytes for p, archive in self.partitions.items()}
        largest = largest_if_crowded(growing, self.limits)
        if largest is not None:
            self.partitions[largest].seal()

    def _start_landings(self) -> None:
        for partition, archive in self.partitions.items():
            archive.start_landing(self.store, self.threads, self.verified[partition])
        for orphan in self.orphans:
            orphan.start_landing(self.store, self.threads, orphan.next_offset)

    def _await_landing(self) -> None:
        archives = [*self.partitions.values(), *self.orphans]
        landings = [archive.landing for archive in archives if archive.landing]
        concurrent.futures.wait(landings, PUMP_SECONDS, concurrent.futures.FIRST_COMPLETED)

    def _paused(self) -> frozenset[int]:
        archives = [*self.partitions.values(), *self.orphans]
        used_bytes = sum(archive.growing_bytes + archive.queued_bytes for archive in archives)
        if used_bytes > self.limits.memory_bytes:
            return frozenset(self.partitions)
        return frozenset(p for p, archive in self.partitions.items() if archive.stuck_because)

    # --- which topic it is --------------------------------------------------

    def _current_topic_id(self) -> str:
        topic_id = known_topic_id(self.identity)
        if topic_id != self.topic_id:
            self._change_topic(topic_id)
        return topic_id

    def _check_identity(self) -> None:
        """What was read up to now is of our topic if the topic is still the same."""
        self.checked_at_seconds = time.monotonic()
        metrics.export(self.partitions.values(), now_ms())
        try:
            topic_id = self.identity.current()
        except KafkaError as error:
            log.debug("topic id unknown, putting nothing until it is", cause=str(error))
            return
        if topic_id in (None, self.topic_id):
            self.verified = {p: a.next_offset - 1 for p, a in self.partitions.items()}
        else:
            self._change_topic(topic_id)

    def _change_topic(self, topic_id: str) -> None:
        """Another topic bears the name now: finish what is surely of the old one, begin anew."""
        if self.topic_id is not None:
            log.warning("the topic was made anew", old=self.topic_id, new=topic_id)
        for partition, archive in self.partitions.items():
            archive.shorten_to(self.verified[partition])
        self.orphans += self.partitions.values()
        self.restarted |= self.partitions.keys()
        self.partitions, self.commits, self.seeks = {}, {}, {}
        self.topic_id = topic_id

    def _start(
        self, topic_id: str, partition: int, committed: OffsetAndMetadata | None, log_start: int
    ) -> int:
        if committed is not None and starting.is_trusted(committed, topic_id, log_start):
            return int(committed.offset)
        return starting.untrusted_start(self.store, topic_id, partition, committed, log_start)
