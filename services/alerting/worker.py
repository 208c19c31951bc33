"""The worker behind alerting's consumer loop: sends at once, commits what is acknowledged."""

import time
from collections import deque
from collections.abc import Sequence, Set
from dataclasses import dataclass

import structlog
from kafka import KafkaProducer
from kafka.errors import KafkaError, KafkaTimeoutError
from kafka.producer.future import FutureRecordMetadata
from kafka.structs import OffsetAndMetadata
from prometheus_client import Counter, Histogram

from services.alerting.outbox import Outbox
from services.stream.outgoing import Origin, Outgoing
from services.stream.producer import send
from services.stream.worker import Commits, Record, Turn

COMMIT_EVERY_SECONDS = 1.0
IN_FLIGHT_MAX = 5_000

ALERTS = Counter("dronewatch_alerting_alerts", "Alerts found and handed to the producer.")
REJECTED = Counter("dronewatch_alerting_rejected", "Records that are no report.")
SENDS_FAILED = Counter("dronewatch_alerting_sends_failed", "Sends that had to be repeated.")
DELAY_SECONDS = Histogram(
    "dronewatch_alerting_detection_delay_seconds",
    "From a report's arrival at the broker to its alert being sent.",
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5, 60),
)

log = structlog.get_logger()


@dataclass(slots=True)
class Sent:
    """One record on its way to Kafka; no future if the client did not take it."""

    outgoing: Outgoing
    future: FutureRecordMetadata | None


@dataclass(slots=True)
class Handled:
    """Records of one partition up to an offset, and what was sent for them."""

    partition: int
    next_offset: int
    sent: list[Sent]


class AlertingWorker:
    """Reports to alerts; at least once, as a commit follows the acknowledgement."""

    def __init__(self, producer: KafkaProducer, outbox: Outbox, topic: str) -> None:
        self.producer = producer
        self.outbox = outbox
        self.topic = topic
        self.in_flight: deque[Handled] = deque()
        self.done: dict[int, int] = {}
        self.committed_at_seconds = time.monotonic()
        self.assigned: set[int] = set()
        # Kafka took nothing within the time a send may wait: no other send waits in this turn.
        self.is_refused = False
        self.has_warned = False

    def begin(self, partition: int, committed: OffsetAndMetadata | None, log_start: int) -> int:
        """Where the group left off, or the log's start."""
        self.assigned.add(partition)
        return max(committed.offset, log_start) if committed else log_start

    def take(self, partition: int, records: Sequence[Record]) -> None:
        """Send what the records call for; waits for Kafka's client once a turn at most."""
        origin = Origin(self.topic, partition)
        found = [
            (outgoing, record)
            for record in records
            for outgoing in self.outbox.outgoing(origin, record)
        ]
        sent = [Sent(outgoing, self._send(outgoing)) for outgoing, _ in found]
        self.in_flight.append(Handled(partition, records[-1].offset + 1, sent))
        self._count(found)

    def turn(self) -> Turn:
        """Commit about once a second what is acknowledged; stop reading if Kafka takes nothing."""
        self.is_refused = False
        self._collect()
        is_full = sum(len(handled.sent) for handled in self.in_flight) > IN_FLIGHT_MAX
        paused = frozenset(self.assigned) if is_full else frozenset()
        if time.monotonic() - self.committed_at_seconds < COMMIT_EVERY_SECONDS:
            return Turn(paused=paused)
        self.committed_at_seconds = time.monotonic()
        return Turn(commits=self._commits(self.assigned), paused=paused)

    def committed(self, partitions: Set[int]) -> None:
        """Nothing waits for it."""

    def settle(self, partitions: Set[int], deadline_seconds: float) -> Commits:
        """Wait for the acknowledgements that are due; what lacks one is done again elsewhere."""
        try:
            self.producer.flush(timeout=deadline_seconds)
        except KafkaTimeoutError:
            log.warning("alerts not acknowledged in time, the next owner sends them again")
        self._collect()
        commits = self._commits(partitions)
        self.drop(partitions)
        return commits

    def drop(self, partitions: Set[int]) -> None:
        """Forget these partitions."""
        self.in_flight = deque(h for h in self.in_flight if h.partition not in partitions)
        self.done = {p: offset for p, offset in self.done.items() if p not in partitions}
        self.assigned -= partitions

    def close(self) -> None:
        """The producer's last words."""
        self.producer.close(timeout=1)

    def _send(self, outgoing: Outgoing) -> FutureRecordMetadata | None:
        if self.is_refused:
            return None
        try:
            return send(self.producer, outgoing)
        except KafkaError as error:
            self.is_refused = isinstance(error, KafkaTimeoutError)
            self._warn(outgoing, error)
            return None

    def _collect(self) -> None:
        while self.in_flight and self._is_acknowledged(self.in_flight[0]):
            handled = self.in_flight.popleft()
            self.done[handled.partition] = handled.next_offset
            self.has_warned = False

    def _is_acknowledged(self, handled: Handled) -> bool:
        for sent in [s for s in handled.sent if s.future is None or s.future.failed()]:
            self._send_again(sent)
        return all(sent.future is not None and sent.future.succeeded() for sent in handled.sent)

    def _send_again(self, sent: Sent) -> None:
        if self.is_refused:
            return
        SENDS_FAILED.inc()
        if sent.future:
            self._warn(sent.outgoing, sent.future.exception)
        sent.future = self._send(sent.outgoing)

    def _warn(self, outgoing: Outgoing, cause: object) -> None:
        """Once until Kafka acknowledges something again."""
        if not self.has_warned:
            log.warning("not sent, trying again", topic=outgoing.topic, cause=str(cause))
        self.has_warned = True

    def _commits(self, partitions: Set[int]) -> Commits:
        due = {p: offset for p, offset in self.done.items() if p in partitions}
        self.done = {p: offset for p, offset in self.done.items() if p not in partitions}
        return {p: OffsetAndMetadata(offset, "", -1) for p, offset in due.items()}

    def _count(self, found: list[tuple[Outgoing, Record]]) -> None:
        now_ms = self.outbox.now_ms()
        for outgoing, record in found:
            if outgoing.topic == self.outbox.addresses.alerts:
                ALERTS.inc()
                DELAY_SECONDS.observe(max(0, now_ms - record.timestamp) / 1000)
            else:
                REJECTED.inc()
