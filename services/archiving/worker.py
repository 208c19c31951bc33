"""The worker behind archiving's consumer loop. The protocol: docs/architecture.md."""

import time
from collections.abc import Callable, Set
from concurrent.futures import Future
from dataclasses import dataclass

import structlog
from kafka.errors import KafkaError
from kafka.structs import OffsetAndMetadata

from services.archiving import metrics
from services.archiving.chain import ChainWriter, Event, StrangeArrivalError
from services.archiving.chain_start import advance, commit_mark, marked_end, report_jump, short_id
from services.archiving.footer import UnreadableObjectError
from services.archiving.limits import FlushLimits, largest_if_crowded
from services.archiving.naming import arrival_hour
from services.archiving.recovery import Phase, Recovery, recovery
from services.archiving.store import Store, StoreRefusalError, StoreUnavailableError
from services.archiving.upload import carry_out
from services.archiving.upload_threads import UploadThreads
from services.stream.identity import Identity, known_topic_id
from services.stream.unreadable import STOPPED
from services.stream.worker import Actions, Commits, Fetch, LogRange, NotNow

CHECK_IDENTITY_SECONDS = 1.0
UPLOADS_AT_ONCE = 4
AWAIT_SECONDS = 0.05
# As long may a partition's recovery hold up the loop before it is asked to go on with it.
RECOVERY_SECONDS = 2.0
# How far a broker's clock may be ahead of this one's.
AHEAD_HOURS = 24
STRANGE_ARRIVAL = (
    "no plausible time of arrival (the topic needs message.timestamp.type=LogAppendTime)"
)

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
        self.store = store
        self.identity = identity
        self.limits = limits
        self.clocks = clocks
        self.threads = UploadThreads(UPLOADS_AT_ONCE)
        self.topic_id: str | None = None
        self.chains: dict[int, ChainWriter] = {}
        self.recoveries: dict[int, Recovery] = {}
        # Partitions that cannot start, and why: an unreadable object.
        self.stuck: dict[int, str] = {}
        # Of topics that are gone: to be put, with nothing to commit.
        self.orphans: list[ChainWriter] = []
        self.uploads: dict[int, tuple[ChainWriter, Future[Event]]] = {}
        self.committed: dict[int, int] = {}
        self.checked_at_seconds = clocks.monotonic()

    # --- called by the loop ---------------------------------------------------

    def start_offset(
        self, partition: int, committed: OffsetAndMetadata | None, log_range: LogRange
    ) -> int:
        """Return the end of the chain: as committed with our mark, or found in the archive."""
        topic_id = self._current_topic_id()
        end = marked_end(committed, topic_id)
        try:
            state = self._recovered(partition, self._recovery(partition, end, log_range.start))
        except (StoreUnavailableError, StoreRefusalError) as error:
            raise NotNow(f"the store does not answer: {error}") from error
        except UnreadableObjectError as error:
            self._note_stuck(partition, str(error))
            raise NotNow(f"an object of the archive is unreadable: {error}") from error
        self.stuck.pop(partition, None)
        self.chains[partition] = ChainWriter(
            short_id(topic_id), partition, state.done, state.done_epoch
        )
        # The log's start as it is needs no commit: it is no object's end.
        is_new = committed is None or committed.offset != state.done
        is_end = state.done > 0 and is_new
        self.committed[partition] = -1 if is_end else state.done
        return state.done

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
            self._stop(chain, f"{STRANGE_ARRIVAL} from offset {error} on")

    def step(self) -> Actions:
        """Collect what was put, seal what is due, put what is sealed."""
        self._collect()
        self._seal_due()
        if self.clocks.monotonic() - self.checked_at_seconds >= CHECK_IDENTITY_SECONDS:
            self._check_identity()
        self._start_uploads()
        return Actions(commits=self._commits(self.chains.keys()), paused=self._paused())

    def on_committed(self, partitions: Set[int]) -> None:
        """Nothing waits for it."""

    def on_log_cut(self, partition: int, offset: int) -> None:
        """Stop the partition: other records will bear offsets that the archive has already."""
        chain = self.chains.get(partition)
        if chain is not None:
            self._stop(chain, f"Kafka lost the log from offset {offset} on, after it was read")
            STOPPED.labels("log_cut").inc()

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
            self._await_uploads()
            self._collect()
        commits = self._commits(partitions)
        left = sorted(chain.partition for chain in chains if chain.oldest_ms is not None)
        if left:
            log.warning("not archived in time, the next owner reads it again", partitions=left)
        self.drop(partitions)
        return commits

    def drop(self, partitions: Set[int]) -> None:
        """Forget these partitions; puts on their way may still succeed, which is safe."""
        for partition in partitions:
            self.recoveries.pop(partition, None)
            self.stuck.pop(partition, None)
            self.committed.pop(partition, None)
            chain = self.chains.pop(partition, None)
            if chain is not None:
                self.uploads.pop(id(chain), None)

    def close(self) -> None:
        """Close the connection; threads with puts end with the process."""
        self.identity.close()

    # --- starting -------------------------------------------------------------

    def _recovery(self, partition: int, end: int | None, log_start: int) -> Recovery:
        """The recovery under way if it is of the same start, or a new one."""
        now_hour = arrival_hour(self.clocks.now_ms())
        topic_id = short_id(self.topic_id or "")
        new = recovery(topic_id, partition, log_start, end, now_hour)
        known = self.recoveries.get(partition)
        is_same = known is not None and (known.topic_id, known.log_start, known.marked_end) == (
            new.topic_id,
            new.log_start,
            new.marked_end,
        )
        return known if known is not None and is_same else new

    def _recovered(self, partition: int, state: Recovery) -> Recovery:
        """Carry out the recovery to its end; NotNow if it takes long: asked again, it goes on."""
        deadline = self.clocks.monotonic() + RECOVERY_SECONDS
        was_trusted = state.phase is Phase.CHECK
        while state.phase is not Phase.DONE:
            state = self.recoveries[partition] = advance(self.store, state)
            if self.clocks.monotonic() >= deadline and state.phase is not Phase.DONE:
                raise NotNow("its chain is being closed where retention deleted records")
        del self.recoveries[partition]
        if not was_trusted or state.hours:
            report_jump(state)
        return state

    def _note_stuck(self, partition: int, cause: str) -> None:
        if self.stuck.get(partition) != cause:
            log.error("partition stuck: look at its object", partition=partition, cause=cause)
        self.stuck[partition] = cause
        self._export()

    # --- objects --------------------------------------------------------------

    def _seal_due(self) -> None:
        now = self.clocks.monotonic()
        for chain in self.chains.values():
            chain.seal_if_due(now, self.limits)
        growing = {p: chain.growing_bytes for p, chain in self.chains.items()}
        largest = largest_if_crowded(growing, self.limits)
        if largest is not None:
            self.chains[largest].seal()

    def _start_uploads(self) -> None:
        for chain in [*self.chains.values(), *self.orphans]:
            command = chain.step(self.clocks.monotonic())
            if command is not None:
                self.uploads[id(chain)] = (
                    chain,
                    self.threads.submit(carry_out, self.store, command),
                )

    def _await_uploads(self) -> None:
        self.threads.wait([future for _, future in self.uploads.values()], AWAIT_SECONDS)

    def _collect(self) -> None:
        """Give the outcomes of uploads that ended to their chains."""
        for key, (chain, future) in list(self.uploads.items()):
            if future.done():
                del self.uploads[key]
                self._on_event(chain, future.result())
        self.orphans = [orphan for orphan in self.orphans if orphan.is_busy]

    def _on_event(self, chain: ChainWriter, event: Event) -> None:
        was_stuck, backoff = chain.stuck_because, chain.backoff_seconds
        chain.on_event(event, self.clocks.monotonic())
        cause = getattr(event, "cause", None)
        if cause and not was_stuck and (chain.stuck_because or backoff < chain.backoff_seconds):
            log.warning("no clear answer of the store", partition=chain.partition, cause=cause)

    def _commits(self, partitions: Set[int]) -> dict[int, OffsetAndMetadata]:
        """The ends of chains that moved since they were committed."""
        mark = commit_mark(self.topic_id or "")
        moved = {
            p: chain
            for p, chain in self.chains.items()
            if p in partitions and chain.end != self.committed.get(p)
        }
        self.committed |= {p: chain.end for p, chain in moved.items()}
        return {p: OffsetAndMetadata(c.end, mark, c.end_epoch) for p, c in moved.items()}

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

    # --- which topic it is ----------------------------------------------------

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
        self.chains, self.recoveries, self.committed = {}, {}, {}
        self.topic_id = topic_id

    def _export(self) -> None:
        metrics.export(self.chains.values(), len(self.stuck), self.clocks.now_ms())


def is_awaited(chain: ChainWriter) -> bool:
    """Whether the store may still take what waits."""
    return chain.is_busy and not chain.stuck_because
