"""Fetches as the loop hands them over: kafka-python's fetcher with our reader in it.

A poll gives pieces: what a partition's log holds from one position to another, about PIECE_BYTES
of records, holes included. At a batch that cannot be read the pieces of its partition end and say
why; those of other partitions go on. Nothing that a batch holds raises an error.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.record import MemoryRecords

from services.stream.decompression import UnreadableError
from services.stream.kafka_python import fetched_bytes, hand_over_incomplete, install_reader
from services.stream.record_parser import LeanRecord
from services.stream.spans import Span, Spans
from services.stream.transactions import AbortedTransactions
from services.stream.worker import NO_EPOCH, Fetch

# Unpacked: a piece that holds so much is followed by another.
PIECE_BYTES = 512 * 1024

__all__ = ["LeanRecord", "PartitionReader", "read_fetches"]


def read_fetches(consumer: KafkaConsumer, with_headers: bool = False) -> KafkaConsumer:
    """Make the consumer's poll give {TopicPartition: [Fetch, ...]}; its limits count fetches."""
    return install_reader(consumer, partial(PartitionReader, with_headers=with_headers))


class PartitionReader:
    """One partition's part of a fetch, made and emptied by kafka-python's fetcher."""

    def __init__(
        self,
        fetch_offset: int,
        topic_partition: TopicPartition,
        records: MemoryRecords,
        with_headers: bool = False,
        **given: Any,
    ) -> None:
        received = fetched_bytes(records)
        hand_over_incomplete(records)
        # The fetcher reads these four.
        self.topic_partition = topic_partition
        self.next_fetch_offset = fetch_offset
        self.leader_epoch = NO_EPOCH
        self.bytes_read = len(received)
        self.on_drain: Callable[[PartitionReader], None] = given.get("on_drain", lambda _: None)
        aborted = AbortedTransactions(
            given.get("isolation_level"), given.get("aborted_transactions")
        )
        self.spans = Spans(received, fetch_offset, aborted, with_headers)
        self.pieces: Iterator[Fetch] | None = self._pieces()

    def __bool__(self) -> bool:
        return self.pieces is not None

    def drain(self) -> None:
        """Let go; the fetcher may then fetch on."""
        if self.pieces is not None:
            self.pieces = None
            self.on_drain(self)

    def take(self, _: int | None = None) -> list[Fetch]:
        """The next piece, if there is one; with the last one it is drained."""
        piece = next(self.pieces, None) if self.pieces else None
        if piece is None:
            self.drain()
            return []
        self.next_fetch_offset, self.leader_epoch = piece.end, piece.leader_epoch
        return [piece]

    def _pieces(self) -> Iterator[Fetch]:
        """Drains before it gives the last one.

        The fetcher asks no broker for a partition of which it believes to have more: the
        partition's next record would wait for another poll.
        """
        partition, begin, unreadable = self.topic_partition.partition, self.next_fetch_offset, None
        gathered: list[Span] = []
        size_bytes = 0
        try:
            for span in self.spans:
                if size_bytes >= PIECE_BYTES or is_of_other_leader(gathered, span):
                    yield merged(partition, begin, gathered)
                    begin, gathered, size_bytes = gathered[-1].end, [], 0
                gathered.append(span)
                size_bytes += span.size_bytes
        except UnreadableError as error:
            unreadable = f"batch at offset {self.spans.position}: {error}"
        self.drain()
        if gathered or unreadable:
            yield merged(partition, begin, gathered, unreadable)


def is_of_other_leader(gathered: list[Span], span: Span) -> bool:
    """Whether the span was written under another leader than those before it."""
    before = gathered[-1].leader_epoch if gathered else NO_EPOCH
    return before not in (NO_EPOCH, span.leader_epoch)


def merged(partition: int, begin: int, spans: list[Span], unreadable: str | None = None) -> Fetch:
    """A fetch of the spans, which follow one another from `begin` on."""
    if not spans:
        return Fetch(partition, begin, [], begin, unreadable=unreadable)
    first, last = spans[0], spans[-1]
    records = first.records if len(spans) == 1 else [r for span in spans for r in span.records]
    return Fetch(
        partition, begin, records, last.end, first.timestamp, last.leader_epoch, unreadable
    )
