"""Reads all partitions of a topic, as no member of any group: of services.notifying.copies."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import structlog
from kafka import KafkaConsumer, TopicPartition

from services.stream.connection import KafkaConnection, new_client
from services.stream.records import read_fetches
from services.stream.worker import Fetch, Record

log = structlog.get_logger()

ANSWER_MS = 2_000
# One step of the worker reads no longer than that.
PORTION_SECONDS = 0.2
POLL_MS = 20
SETTINGS: dict[str, Any] = {
    "group_id": None,
    "enable_auto_commit": False,
    "auto_offset_reset": "earliest",
    "isolation_level": "read_committed",
    "allow_auto_create_topics": False,
    "bootstrap_timeout_ms": ANSWER_MS,
    "reconnect_backoff_max_ms": 2_000,
    "metadata_max_age_ms": 5_000,
    "metrics_enabled": False,
}


class KafkaPartitionsReader:
    """Connects when it is first needed."""

    def __init__(self, connection: KafkaConnection, topic: str) -> None:
        self.connection = connection
        self.topic = topic
        self.consumer: KafkaConsumer | None = None
        self.reading_at: dict[TopicPartition, int] = {}
        # Partitions with an unreadable batch.
        self.given_up: set[int] = set()

    def assign(self, partitions: int, since_ms: int) -> None:
        """Read this many partitions, those that are new to it from this arrival on."""
        wanted = [TopicPartition(self.topic, partition) for partition in range(partitions)]
        new = [at for at in wanted if at not in self.reading_at]
        if not new:
            return
        consumer = self._connected()
        begins = self._begins(consumer, new, since_ms)
        consumer.assign(wanted)
        self.reading_at |= begins
        for at, offset in self.reading_at.items():
            consumer.seek(at, offset)

    def ends(self) -> Mapping[int, int]:
        """The current end of each partition, as read_committed sees it."""
        ends = self._connected().end_offsets(list(self.reading_at), timeout_ms=ANSWER_MS)
        read = {at.partition: end for at, end in ends.items()}
        return {p: end for p, end in read.items() if p not in self.given_up}

    def read(self) -> Iterator[tuple[int, Record]]:
        """Return records with their partitions, for PORTION_SECONDS at most."""
        deadline = time.monotonic() + PORTION_SECONDS
        consumer = self._connected()
        while time.monotonic() < deadline:
            polled: Mapping[TopicPartition, Sequence[Fetch]] = consumer.poll(timeout_ms=POLL_MS)
            for at, fetches in polled.items():
                for fetch in fetches:
                    self._note(at, fetch)
                    yield from ((at.partition, record) for record in fetch.records)
            if not polled:
                return

    def _note(self, at: TopicPartition, fetch: Fetch) -> None:
        self.reading_at[at] = fetch.end
        if fetch.unreadable is None or at.partition in self.given_up:
            return
        # Its owner cannot read on either, so nothing behind it was sent.
        log.error("copies behind an unreadable batch are not known", offset=fetch.end, at=at)
        self._connected().pause(at)
        self.given_up.add(at.partition)

    def positions(self) -> Mapping[int, int]:
        """Up to where each partition was read."""
        return {at.partition: offset for at, offset in self.reading_at.items()}

    def close(self) -> None:
        """Close the connection."""
        if self.consumer is not None:
            self.consumer.close(timeout_ms=ANSWER_MS)
        self.consumer, self.reading_at, self.given_up = None, {}, set()

    def _connected(self) -> KafkaConsumer:
        if self.consumer is None:
            self.consumer = read_fetches(new_client(KafkaConsumer, self.connection, **SETTINGS))
        return self.consumer

    def _begins(
        self, consumer: KafkaConsumer, new: list[TopicPartition], since_ms: int
    ) -> dict[TopicPartition, int]:
        """The first offset that arrived at `since_ms` or later, or the log's end."""
        times = dict.fromkeys(new, max(0, since_ms))
        found = consumer.offsets_for_times(times, timeout_ms=ANSWER_MS)
        ends = consumer.end_offsets(new, timeout_ms=ANSWER_MS)
        return {at: found[at].offset if found.get(at) else ends[at] for at in new}
