"""What a fetch brought of one partition, batch by batch, holes included."""

from collections.abc import Iterator
from typing import Any

from kafka.record import MemoryRecords
from msgspec import Struct

from services.stream.decompression import UnreadableError
from services.stream.record_batch import RecordBatch, magic_of, raw_batches, record_batch
from services.stream.record_parser import LeanRecord
from services.stream.record_stream import records_of
from services.stream.transactions import AbortedTransactions

NO_TIMESTAMP = -1


class Span(Struct, frozen=True, gc=False):
    """A part of the log that ends before `end`; it begins where the one before it ended.

    `timestamp` is the arrival of its first record, or of a hole; `size_bytes` that of its records.
    """

    records: list[LeanRecord]
    end: int
    timestamp: int
    leader_epoch: int
    size_bytes: int


class Spans:
    """The spans in what was received, from a position on; UnreadableError ends them.

    `position` is behind the last span.
    """

    def __init__(
        self, received: bytes, position: int, aborted: AbortedTransactions, with_headers: bool
    ) -> None:
        self.received = received
        self.position = position
        self.aborted = aborted
        self.with_headers = with_headers

    def __iter__(self) -> Iterator[Span]:
        for raw in raw_batches(self.received):
            found = self._legacy(raw) if magic_of(raw) < 2 else self._of_batch(record_batch(raw))
            for span in found:
                self.position = span.end
                yield span

    def _of_batch(self, batch: RecordBatch) -> Iterator[Span]:
        is_hidden = self.aborted.has(batch) or batch.is_control
        if not is_hidden and batch.end > self.position:
            for records, size_bytes in records_of(batch, self.with_headers):
                wanted = self._wanted(records, batch)
                if wanted:
                    end, arrival = wanted[-1].offset + 1, wanted[0].timestamp
                    yield Span(wanted, end, arrival, batch.leader_epoch, size_bytes)
        if batch.end > self.position:
            yield Span([], batch.end, batch.max_timestamp, batch.leader_epoch, 0)

    def _wanted(self, records: list[LeanRecord], batch: RecordBatch) -> list[LeanRecord]:
        """Those from the position on: a fetch may begin in the midst of a batch."""
        if not records:
            return records
        if records[-1].offset >= batch.end:
            raise UnreadableError(f"it holds offset {records[-1].offset} beyond its end")
        if records[0].offset >= self.position:
            return records
        return [record for record in records if record.offset >= self.position]

    def _legacy(self, raw: memoryview) -> Iterator[Span]:
        """A batch of a format before Kafka 0.11, which only kafka-python reads."""
        try:
            batch = MemoryRecords(raw.tobytes()).next_batch()
            if not batch.validate_crc():
                raise UnreadableError("its checksum is wrong")
            read = [_from_legacy(record) for record in batch]
        except UnreadableError:
            raise
        except Exception as error:  # kafka-python raises any kind for damaged bytes
            raise UnreadableError(str(error) or type(error).__name__) from error
        if wanted := [record for record in read if record.offset >= self.position]:
            yield Span(wanted, wanted[-1].offset + 1, wanted[0].timestamp, -1, len(raw))


def _from_legacy(record: Any) -> LeanRecord:
    """Of kafka-python's; the oldest format has no timestamps."""
    timestamp = NO_TIMESTAMP if record.timestamp is None else record.timestamp
    return LeanRecord(record.offset, timestamp, record.key, record.value)
