"""Copies of an alert in different partitions, after partitions were added to `alerts`.

A record's partition follows from its key and from how many partitions its producer knew. So the
copies of an alert are in one partition, unless the topic grew between them. Then its owner cannot
know from its own partition that a copy was sent. For a day after the growth (MEMORY_MS, as long
as an alert is remembered at all) this holds instead:

- The copy with the lowest (arrival, partition) counts, the others are duplicates. Each member
  decides that for its own partitions, and all decide alike. So nothing has to be agreed on.
- To decide, a member reads all partitions, its own too, from a day before on. It decides about a
  record only when it has read them up to an end that it asked for SETTLE_MS after the record came.
  So a copy that arrived before the record is known, also while it becomes visible.
- Some minutes after the growth (SLACK_MS) all producers know of it. What arrives from then on for
  the first time has its later copies in the same partition. The reading ends there.

A member learns of the growth in three ways. The commit of a partition says how many partitions
there were; a new partition has none. The topic is asked every second. And a record that its key
would put elsewhere waits until the topic was asked again (`is_displaced`).

It relies on brokers whose clocks agree to within the time between two copies. One gap is left: a
producer with old metadata repeats an alert, that was published elsewhere since, within the second
in which no member knows of the growth.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import structlog
from kafka.errors import KafkaError
from kafka.partitioner.default import murmur2

from services.notifying.broker_clock import BrokerClock
from services.notifying.deduplication import FirstCopies, digest_of
from services.reports.alert import Alert
from services.reports.codec import decoded_alert
from services.stream.worker import Record

MEMORY_MS = 24 * 3_600_000
SLACK_MS = 15 * 60_000
SETTLE_MS = 500
# Between the beginnings of two rounds, if a record waits for the second, and if none does.
ROUND_MS = 100
IDLE_ROUND_MS = 1_000
KEYS_MAX = 10_000

log = structlog.get_logger()


class PartitionsReader(Protocol):
    """Reads all partitions of the topic; KafkaError if no broker answers."""

    def assign(self, partitions: int, since_ms: int) -> None:
        """Read this many partitions, those that are new to it from this arrival on."""
        ...

    def ends(self) -> Mapping[int, int]:
        """The current end of each partition."""
        ...

    def read(self) -> Iterable[tuple[int, Record]]:
        """Return records with their partitions: a bounded portion, in a bounded time."""
        ...

    def positions(self) -> Mapping[int, int]:
        """Up to where each partition was read."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...


@dataclass(slots=True)
class Round:
    """Ends that were asked for at a time (monotonic), and have to be reached."""

    asked_ms: int
    ends: Mapping[int, int]

    def is_reached(self, positions: Mapping[int, int]) -> bool:
        """Whether all that there was at that time is read."""
        return all(positions.get(partition, 0) >= end for partition, end in self.ends.items())


class Copies:
    """Knows the alerts of all partitions; reads only while `read_until` asks for it."""

    def __init__(
        self, reader: PartitionsReader, clock: BrokerClock, monotonic_ms: Callable[[], int]
    ) -> None:
        self.reader = reader
        self.clock = clock
        self.monotonic_ms = monotonic_ms
        self.partitions = 0
        self.until_ms = 0
        self.first = FirstCopies()
        self.round: Round | None = None
        # When all was read that there was then (monotonic); None before the first time.
        self.known_ms: int | None = None
        self.is_complete = False
        # Not before (monotonic) the next round begins.
        self.due_ms = 0

    def read_until(self, partitions: int, until_ms: int) -> None:
        """Have all partitions read up to this arrival, that of a growth with its slack."""
        if partitions == self.partitions and until_ms <= self.until_ms:
            return
        self.partitions = max(partitions, self.partitions)
        self.until_ms = max(until_ms, self.until_ms)
        self.round, self.known_ms, self.is_complete = None, None, False

    def is_decidable(self, accepted_ms: int) -> bool:
        """Whether all copies are known that arrived before a record accepted then (monotonic)."""
        if self.is_complete:
            return True
        return self.known_ms is not None and accepted_ms + SETTLE_MS <= self.known_ms

    def read_on(self, awaited_since_ms: int | None) -> None:
        """Read a portion, unless all is known; since when a record waits for it (monotonic)."""
        if self.is_complete or (self.round is None and not self._is_due(awaited_since_ms)):
            return
        try:
            self._read_on()
        except KafkaError as error:
            self.due_ms = self.monotonic_ms() + IDLE_ROUND_MS
            log.debug("copies are not readable yet", cause=str(error))

    def _is_due(self, awaited_since_ms: int | None) -> bool:
        """Whether to ask for the ends again; a round that is asked for too soon decides nothing."""
        now_ms = self.monotonic_ms()
        if awaited_since_ms is None:
            return now_ms >= self.due_ms + IDLE_ROUND_MS
        return now_ms >= max(self.due_ms, awaited_since_ms + SETTLE_MS)

    def forget(self) -> None:
        """Forget everything: no growth is remembered any more, or the topic was made anew."""
        self.reader.close()
        self.partitions, self.until_ms = 0, 0
        self.first = FirstCopies()
        self.round, self.known_ms, self.is_complete = None, None, False

    def close(self) -> None:
        """Close the reader."""
        self.reader.close()

    def _read_on(self) -> None:
        if self.round is None:
            self.reader.assign(self.partitions, self.clock.now_ms() - MEMORY_MS - SLACK_MS)
            asked_ms = self.monotonic_ms()
            self.round = Round(asked_ms, self.reader.ends())
            self.due_ms = asked_ms + ROUND_MS
        has_read = False
        for partition, record in self.reader.read():
            has_read = True
            alert = decoded_alert(record.value)
            if isinstance(alert, Alert):
                self.first.note(digest_of(alert.alert_id), record.timestamp, partition)
        if self.round.is_reached(self.reader.positions()):
            self.known_ms = self.round.asked_ms
            asked_ago_ms = self.monotonic_ms() - self.round.asked_ms
            self.is_complete = self.clock.now_ms() - asked_ago_ms > self.until_ms
            self.round = None
        elif not has_read and self.monotonic_ms() >= self.round.asked_ms + IDLE_ROUND_MS:
            # A log that has lost its end does not reach it any more: ask for the ends again.
            self.round = None


def is_displaced(partition: int, key: bytes | None, partitions: int) -> bool:
    """Whether a topic of that many partitions would have a record of this key elsewhere."""
    return key is not None and partition_of(key, partitions) != partition


@lru_cache(KEYS_MAX)
def partition_of(key: bytes, partitions: int) -> int:
    """Kafka's own partitioner."""
    return int((murmur2(key) & 0x7FFFFFFF) % partitions)
