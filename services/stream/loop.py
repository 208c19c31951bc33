"""The consumer loop that components share: poll, hand over, commit after the work."""

import threading
import time
from collections.abc import Mapping, Sequence, Set
from typing import Any

import click
import structlog
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import (
    AuthorizationError,
    KafkaError,
    OffsetOutOfRangeError,
)
from kafka.structs import MemberState, OffsetAndMetadata
from prometheus_client import Counter, Gauge

from services.runtime.health import Health
from services.stream.rebalancing import RebalanceListener, partition_numbers, with_topic
from services.stream.worker import Commits, NotNow, Record, Turn, Worker

POLL_MS = 200
COMMIT_TIMEOUT_MS = 2_000
LOOKUP_TIMEOUT_MS = 5_000
PROBE_TIMEOUT_MS = 1_000
PROBE_EVERY_SECONDS = 5.0
RETRY_SECONDS = 1.0
SETTLE_ON_STOP_SECONDS = 6.0
COMMIT_ON_STOP_SECONDS = 2.0
CLOSE_TIMEOUT_MS = 1_500

log = structlog.get_logger()

CONSUMED = Counter("dronewatch_consumer_records", "Records handed over to the worker.")
LAG = Gauge("dronewatch_consumer_lag_records", "Records not yet read, as last seen.", ["partition"])
ASSIGNED = Gauge("dronewatch_consumer_assigned_partitions", "Partitions this member owns.")


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
        self.health = health
        self.stop = stop
        self.starting: dict[int, float] = {}
        # Ours: to be told one, kafka-python waits for its I/O thread three times.
        self.positions: dict[int, int] = {}
        self.uncommitted: dict[int, OffsetAndMetadata] = {}
        self.probed_at_seconds = time.monotonic()
        self.is_away = False
        self.is_pressed = False

    def run(self) -> None:
        """Until stop is set; leaves the group with everything handed over committed."""
        listener = RebalanceListener(self.consumer, self.worker, self._added, self._removed)
        self.consumer.subscribe([self.topic], listener=listener)
        try:
            while not self.stop.is_set():
                self._turn()
            self._finish()
        except AuthorizationError as error:
            raise click.ClickException(f"Kafka refuses us: {error}") from error
        finally:
            self.consumer.close(timeout_ms=CLOSE_TIMEOUT_MS)
            self.worker.close()

    def _turn(self) -> None:
        self.health.turned()
        for partition, records in self._poll().items():
            self.worker.take(partition.partition, records)
            self.positions[partition.partition] = records[-1].offset + 1
            CONSUMED.inc(len(records))
        self._begin_new()
        self._obey(self.worker.turn())
        self._observe()

    def _poll(self) -> Mapping[TopicPartition, Sequence[Record]]:
        self._go_on_joining()
        try:
            wait_ms = 0 if self.is_pressed else POLL_MS
            polled: dict[TopicPartition, Any] = self.consumer.poll(timeout_ms=wait_ms)
        except OffsetOutOfRangeError as error:
            self._restart(partition_numbers(error.args[0]))
            return {}
        except AuthorizationError:
            raise
        except KafkaError as error:
            log.debug("poll failed", cause=str(error))
            return {}
        if polled:
            self._seen()
        return polled

    def _go_on_joining(self) -> None:
        """Else kafka-python forgets it, for good, if its poll ended while it joined anew.

        That is, if new partitions were the reason: which it takes for dealt with once it has asked.
        """
        if self.consumer._coordinator.rejoining:
            self.consumer._coordinator.request_rejoin()

    # --- where partitions begin --------------------------------------------

    def _added(self, partitions: Set[int]) -> None:
        self.starting |= dict.fromkeys(partitions, 0.0)

    def _removed(self, partitions: Set[int]) -> Commits:
        """Forget these partitions; what was still to be committed of them."""
        for partition in partitions:
            self.starting.pop(partition, None)
        return {p: self.uncommitted.pop(p) for p in partitions if p in self.uncommitted}

    def _restart(self, partitions: Set[int]) -> None:
        """Settle what was read so far, then look anew where to read on."""
        log.warning("offsets are out of range, starting anew", partitions=sorted(partitions))
        self.uncommitted |= self.worker.settle(partitions, SETTLE_ON_STOP_SECONDS)
        self._commit()
        self._hold(partitions)
        self._added(partitions)

    def _begin_new(self) -> None:
        now = time.monotonic()
        for partition in [p for p, due in self.starting.items() if due <= now]:
            try:
                start = self._start_of(TopicPartition(self.topic, partition))
            except (KafkaError, NotNow) as error:
                log.info("cannot begin yet", partition=partition, cause=str(error))
                self.starting[partition] = now + RETRY_SECONDS
                return
            self._seek(partition, start)
            del self.starting[partition]

    def _seek(self, partition: int, offset: int) -> None:
        self.consumer.seek(TopicPartition(self.topic, partition), offset)
        self.positions[partition] = offset

    def _start_of(self, partition: TopicPartition) -> int:
        committed = self.consumer.committed(partition, metadata=True, timeout_ms=LOOKUP_TIMEOUT_MS)
        starts = self.consumer.beginning_offsets([partition], timeout_ms=LOOKUP_TIMEOUT_MS)
        return self.worker.begin(partition.partition, committed, starts[partition])

    # --- what the worker wants ----------------------------------------------

    def _obey(self, turn: Turn) -> None:
        if turn.restarted:
            self._hold(turn.restarted)
            self._added(turn.restarted)
        for partition, offset in turn.seeks.items():
            self._seek(partition, offset)
        self.uncommitted |= turn.commits
        self._commit()
        assigned = partition_numbers(self.consumer.assignment())
        self._hold((turn.paused | self.starting.keys()) & assigned)
        # What could not be committed waits for the group or the broker: no hurry helps.
        self.is_pressed = turn.is_pressed and not self.uncommitted

    def _hold(self, partitions: Set[int]) -> None:
        """Pause these and no others."""
        paused = partition_numbers(self.consumer.paused())
        for partition in partitions - paused:
            self.consumer.pause(TopicPartition(self.topic, partition))
        for partition in paused - partitions:
            self.consumer.resume(TopicPartition(self.topic, partition))

    def _commit(self) -> None:
        # While the group rebalances a commit would only wait, and keep us from reading on.
        if not self.uncommitted or self._member_state() is not MemberState.STABLE:
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
        self.worker.committed(commits.keys())

    def _member_state(self) -> MemberState:
        state: MemberState = self.consumer.group_metadata().state
        return state

    # --- health ---------------------------------------------------------------

    def _observe(self) -> None:
        self.health.joined = self._member_state() is not MemberState.UNJOINED
        if time.monotonic() - self.probed_at_seconds < PROBE_EVERY_SECONDS:
            return
        self.probed_at_seconds = time.monotonic()
        try:
            self._measure()
            if self.health.is_broker_seen_within(PROBE_EVERY_SECONDS):
                return
            # Asks the leader: the coordinator's connection is silent while the group rebalances.
            probe = TopicPartition(self.topic, 0)
            self.consumer.beginning_offsets([probe], timeout_ms=PROBE_TIMEOUT_MS)
            self._seen()
        except AuthorizationError:
            raise
        except KafkaError as error:
            if not self.is_away:
                log.warning("Kafka does not answer, waiting", cause=str(error))
            self.is_away = True

    def _seen(self) -> None:
        self.health.broker_seen()
        if self.is_away:
            log.info("Kafka answers again")
        self.is_away = False

    def _measure(self) -> None:
        assigned = self.consumer.assignment()
        ASSIGNED.set(len(assigned))
        LAG.clear()
        for partition in assigned:
            end = self.consumer.highwater(partition)
            position = self.positions.get(partition.partition)
            is_known = partition.partition not in self.starting
            if is_known and position is not None and end is not None:
                LAG.labels(partition.partition).set(max(0, end - position))

    # --- stop -------------------------------------------------------------------

    def _finish(self) -> None:
        owned = partition_numbers(self.consumer.assignment())
        self.uncommitted |= self.worker.settle(owned, SETTLE_ON_STOP_SECONDS)
        deadline = time.monotonic() + COMMIT_ON_STOP_SECONDS
        self._commit()
        while self.uncommitted and time.monotonic() < deadline:
            # A rebalance ends only if its members poll; nothing may be read any more.
            self._hold(partition_numbers(self.consumer.assignment()))
            self._poll()
            self._commit()
        log.info("stopped", uncommitted_partitions=sorted(self.uncommitted))
