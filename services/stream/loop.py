"""The consumer loop that components share: poll, hand over, commit after the work."""

import threading
from collections.abc import Mapping, Sequence, Set

import click
import structlog
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import (
    AuthorizationError,
    KafkaError,
    LogTruncationError,
    OffsetOutOfRangeError,
)
from kafka.structs import OffsetAndMetadata

from services.runtime.health import Health
from services.stream.kafka_python import (
    request_rejoin_again,
    seek_with_epoch,
    take_up_parked,
)
from services.stream.observation import CONSUMED, DROPPED, ConsumerObserver
from services.stream.rebalancing import RebalanceListener, partition_numbers, with_topic
from services.stream.topic_settings import TopicCheck
from services.stream.unreadable import UnreadableBatches
from services.stream.worker import (
    Actions,
    Commits,
    Fetch,
    LogRange,
    NotNow,
    Worker,
    epoch_before,
)

POLL_MS = 200
COMMIT_TIMEOUT_MS = 2_000
LOOKUP_TIMEOUT_MS = 5_000
RETRY_SECONDS = 1.0
DRAIN_SECONDS = 5.0
COMMIT_ON_STOP_SECONDS = 2.0
CLOSE_TIMEOUT_MS = 1_500

log = structlog.get_logger()


class ConsumerLoop:
    """One topic, one member of a group, one worker; run() blocks until told to stop."""

    def __init__(
        self,
        consumer: KafkaConsumer,
        topic: str,
        worker: Worker,
        health: Health,
        stop: threading.Event,
    ) -> None:
        self.consumer = consumer
        self.topic = topic
        self.worker = worker
        self.observer = ConsumerObserver(consumer, topic, health)
        self.stop = stop
        # Set by whoever has the rights to ask for the topic's settings.
        self.check: TopicCheck | None = None
        self.monotonic = health.clock
        # Partitions without a position yet, and when to ask the worker for it (monotonic).
        self.starting: dict[int, float] = {}
        # Where the consumer reads on. The worker's position is what counts; this follows it.
        self.reading_at: dict[int, int] = {}
        self.unreadable = UnreadableBatches()
        # Partitions whose log lost its end, and from where on, as far as Kafka knows.
        self.cuts: dict[int, OffsetAndMetadata | None] = {}
        # What cuts left: where the log ended then, and in which leader epoch.
        self.kept: dict[int, OffsetAndMetadata] = {}
        self.uncommitted: dict[int, OffsetAndMetadata] = {}
        self.polls_immediately = False

    def run(self) -> None:
        """Consume until stop is set, then leave the group with the work committed."""
        self.subscribe()
        try:
            while not self.stop.is_set():
                self.run_once()
            self.finish()
        except AuthorizationError as error:
            raise click.ClickException(f"Kafka refuses us: {error}") from error
        finally:
            self.consumer.close(timeout_ms=CLOSE_TIMEOUT_MS)
            self.worker.close()
            if self.check is not None:
                self.check.close()

    def subscribe(self) -> None:
        """Ask to join the group; the first polls do it."""
        listener = RebalanceListener(self.consumer, self.worker, self._add, self._remove)
        self.consumer.subscribe([self.topic], listener=listener)

    def run_once(self) -> None:
        """Poll once, hand over what came, and carry out what the worker wants."""
        self.observer.health.turned()
        for fetches in self._poll().values():
            for fetch in fetches:
                self._hand_over(fetch)
        self._handle_cuts()
        self._start_partitions()
        self._carry_out(self.worker.step())
        self.observer.observe(self.worker.position, self.starting.keys())

    # --- reading --------------------------------------------------------------

    def _poll(self) -> Mapping[TopicPartition, Sequence[Fetch]]:
        request_rejoin_again(self.consumer)
        take_up_parked(self.consumer)
        try:
            wait_ms = 0 if self.polls_immediately else POLL_MS
            polled: Mapping[TopicPartition, Sequence[Fetch]] = self.consumer.poll(
                timeout_ms=wait_ms
            )
        except OffsetOutOfRangeError as error:
            self._start_again(partition_numbers(error.args[0]), "offsets are out of range")
            return {}
        except LogTruncationError as error:
            self._note_cuts(error)
            return {}
        except AuthorizationError:
            raise
        except KafkaError as error:
            log.debug("poll failed", cause=str(error))
            return {}
        if polled:
            self.observer.note_broker()
        return polled

    def _hand_over(self, fetch: Fetch) -> None:
        """Let the worker accept a fetch that begins at its position; drop any other."""
        self.reading_at[fetch.partition] = fetch.end
        if fetch.begin != self.worker.position(fetch.partition):
            DROPPED.inc(len(fetch.records))
            return
        if fetch.end > fetch.begin:
            self.worker.accept(fetch)
            self.unreadable.note_read(fetch)
            CONSUMED.inc(len(fetch.records))
        if fetch.unreadable is not None:
            self.unreadable.note_unreadable(fetch, self.monotonic())

    def _follow_positions(self) -> None:
        """Make the consumer read where the worker stands, before anything else is handed over."""
        for partition in self._assigned() - self.starting.keys():
            position = self.worker.position(partition)
            if position is None:
                self.starting[partition] = 0.0
            elif position != self.reading_at.get(partition):
                known = self.uncommitted.get(partition), self.kept.get(partition)
                self._seek(partition, position, epoch_before(position, *known))

    def _seek(self, partition: int, offset: int, leader_epoch: int) -> None:
        seek_with_epoch(self.consumer, TopicPartition(self.topic, partition), offset, leader_epoch)
        self.reading_at[partition] = offset

    # --- where partitions begin -----------------------------------------------

    def _add(self, partitions: Set[int]) -> None:
        self.starting |= dict.fromkeys(partitions, 0.0)

    def _remove(self, partitions: Set[int]) -> Commits:
        """Forget these partitions and return what was still to be committed of them."""
        self.unreadable.forget(partitions)
        for partition in partitions:
            for known in (self.starting, self.reading_at, self.cuts, self.kept):
                known.pop(partition, None)
        return {p: self.uncommitted.pop(p) for p in partitions if p in self.uncommitted}

    def _start_again(self, partitions: Set[int], cause: str) -> None:
        """Finish what was read so far, then ask the worker again where to read on."""
        log.warning("partitions start again", cause=cause, partitions=sorted(partitions))
        self.uncommitted |= self.worker.drain(partitions, DRAIN_SECONDS)
        self._commit()
        self._add(partitions)
        self._set_paused(self.starting.keys())

    def _start_partitions(self) -> None:
        again = self.unreadable.due(self.monotonic())
        if again:
            self._start_again(again, "an unreadable batch is tried again")
        now = self.monotonic()
        for partition in [p for p, due in self.starting.items() if due <= now]:
            try:
                self._start(TopicPartition(self.topic, partition))
            except (KafkaError, NotNow) as error:
                log.info("partition cannot start yet", partition=partition, cause=str(error))
                self.starting[partition] = now + RETRY_SECONDS
                if isinstance(error, KafkaError):
                    return

    def _start(self, at: TopicPartition) -> None:
        committed = self.consumer.committed(at, metadata=True, timeout_ms=LOOKUP_TIMEOUT_MS)
        start = self.consumer.beginning_offsets([at], timeout_ms=LOOKUP_TIMEOUT_MS)[at]
        end = self.consumer.end_offsets([at], timeout_ms=LOOKUP_TIMEOUT_MS)[at]
        offset = self.worker.start_offset(at.partition, committed, LogRange(start, end))
        del self.starting[at.partition]
        is_committed = committed is not None and committed.offset == offset
        self._seek(at.partition, offset, epoch_before(offset, committed))
        if offset > end:
            self._handle_cut(at.partition, self._cut_offset(at, start))
        elif not is_committed:
            # What the worker wants to commit may know the leader epoch.
            self.reading_at.pop(at.partition)

    def _cut_offset(self, at: TopicPartition, log_start: int) -> int:
        """Where the log that ends below the position was cut; the log's start if nobody knows."""
        try:
            # The first call asks the broker, the second one raises what it said.
            for _ in range(2):
                self.consumer.position(at, timeout_ms=LOOKUP_TIMEOUT_MS)
        except LogTruncationError as error:
            self._note_cuts(error)
        found = self.cuts.get(at.partition)
        return log_start if found is None else int(found.offset)

    def _note_cuts(self, error: LogTruncationError) -> None:
        self.cuts |= {at.partition: found for at, found in error.divergent_offsets.items()}

    def _handle_cuts(self) -> None:
        """Tell the worker of each log that lost its end; where is unknown, from the start on."""
        for partition, found in list(self.cuts.items()):
            at = TopicPartition(self.topic, partition)
            try:
                starts = self.consumer.beginning_offsets([at], timeout_ms=LOOKUP_TIMEOUT_MS)
            except KafkaError as error:
                log.info("the log's start is unknown, asking again", cause=str(error))
                return
            self._handle_cut(partition, starts[at] if found is None else found.offset)

    def _handle_cut(self, partition: int, offset: int) -> None:
        log.error("Kafka lost the end of the log", partition=partition, kept_below=offset)
        if found := self.cuts.pop(partition, None):
            self.kept[partition] = found
        self.uncommitted.pop(partition, None)
        # A partition without a position is started again, and Kafka finds its cut then.
        if self.worker.position(partition) is not None:
            self.worker.on_log_cut(partition, offset)
        self.reading_at.pop(partition, None)

    # --- what the worker wants ------------------------------------------------

    def _carry_out(self, actions: Actions) -> None:
        self.uncommitted |= actions.commits
        self._follow_positions()
        self._commit()
        held = actions.paused | self.starting.keys() | self.unreadable.partitions
        is_wrong_topic = self.check is not None and self.check.check(self.monotonic())
        self._set_paused(self._assigned() if is_wrong_topic else held & self._assigned())
        # What could not be committed waits for the group or the broker: no hurry helps.
        self.polls_immediately = actions.poll_immediately and not self.uncommitted

    def _assigned(self) -> frozenset[int]:
        return partition_numbers(self.consumer.assignment())

    def _set_paused(self, partitions: Set[int]) -> None:
        """Pause these and no others."""
        paused = partition_numbers(self.consumer.paused())
        for partition in partitions - paused:
            self.consumer.pause(TopicPartition(self.topic, partition))
        for partition in paused - partitions:
            self.consumer.resume(TopicPartition(self.topic, partition))

    def _commit(self) -> None:
        # While the group rebalances a commit would only wait, and keep us from reading on.
        if not self.uncommitted or not self.observer.is_member_stable():
            return
        commits: Commits = dict(self.uncommitted)
        try:
            self.consumer.commit(with_topic(self.topic, commits), timeout_ms=COMMIT_TIMEOUT_MS)
        except AuthorizationError:
            raise
        except KafkaError as error:
            # If we are out of the group, the listener will tell which of them were lost.
            log.debug("commit failed, trying again", cause=str(error))
            return
        self.uncommitted.clear()
        self.worker.on_committed(commits.keys())

    # --- stop -----------------------------------------------------------------

    def finish(self) -> None:
        """Drain all partitions and commit, within the time that a stop may take."""
        self.uncommitted |= self.worker.drain(self._assigned(), DRAIN_SECONDS)
        deadline = self.monotonic() + COMMIT_ON_STOP_SECONDS
        self._commit()
        while self.uncommitted and self.monotonic() < deadline:
            # A rebalance ends only if its members poll; nothing may be read any more.
            self._set_paused(self._assigned())
            self._poll()
            self._commit()
        log.info("stopped", uncommitted_partitions=sorted(self.uncommitted))
