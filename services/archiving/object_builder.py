"""An object in the making: records of one partition and one arrival hour, compressed as they come.

Compressing early keeps memory small: an object of 64 MB raw waits as some 10 MB of Parquet.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from services.archiving.footer import Footer, footer_metadata
from services.archiving.naming import ObjectStart, object_name
from services.archiving.rows import ROW_SCHEMA, rows
from services.stream.worker import NO_EPOCH, Record

ROW_GROUP_RAW_BYTES = 8 * 1024 * 1024
# So many records become Arrow rows at once: few enough to stay in the processor's cache meanwhile,
# and for a stop to find little left to do.
CHUNK_RECORDS = 1_500
# What a record costs beyond its value while it waits to become a row.
RECORD_OVERHEAD_BYTES = 250
# Ids differ from row to row: a dictionary of them would be built in vain.
DICTIONARY_COLUMNS = [
    "drone_id",
    "source",
    "location.place",
    "violation.code",
    "citizens.list.element.name",
    "words.list.element",
    "rejected_reason",
]


@dataclass(frozen=True, slots=True)
class FinishedObject:
    """A whole Parquet object that covers the log from `start.offset` up to, without, `end`."""

    start: ObjectStart
    end: int
    end_epoch: int
    content: bytes
    raw_bytes: int
    oldest_ms: int

    @property
    def name(self) -> str:
        """Its name in the store."""
        return object_name(self.start)


class ObjectBuilder:
    """Grows by append, ends by finish; not to be used after that.

    `end` and `end_epoch` are set by its owner: where it ends, and the leader epoch there.
    """

    def __init__(self, start: ObjectStart, oldest_ms: int, now_seconds: float) -> None:
        self.start = start
        self.end = start.offset
        self.end_epoch = NO_EPOCH
        self.oldest_ms = oldest_ms
        self.opened_at_seconds = now_seconds
        self.raw_bytes = 0
        self._waiting: list[Record] = []
        self._chunks: list[pa.Table] = []
        self._group_raw_bytes = 0
        self._sink = io.BytesIO()
        self._writer = _parquet_writer(self._sink)

    @property
    def memory_bytes(self) -> int:
        """About what it holds in memory; Arrow needs about as much as the raw records."""
        overhead = RECORD_OVERHEAD_BYTES * len(self._waiting)
        return self._group_raw_bytes + overhead + self._sink.tell()

    def append(self, records: Sequence[Record]) -> None:
        """Records of the object's hour, in order, following what it has."""
        size_bytes = sum(len(record.value or b"") for record in records)
        self.raw_bytes += size_bytes
        self._group_raw_bytes += size_bytes
        self._waiting.extend(records)
        self._make_chunks()
        if self._group_raw_bytes >= ROW_GROUP_RAW_BYTES:
            self._write_row_group()

    def _make_chunks(self) -> None:
        end = len(self._waiting) // CHUNK_RECORDS * CHUNK_RECORDS
        for start in range(0, end, CHUNK_RECORDS):
            self._chunks.append(self._rows(self._waiting[start : start + CHUNK_RECORDS]))
        self._waiting = self._waiting[end:]

    def finish(self) -> FinishedObject:
        """Close the Parquet file, its footer with the positions that it covers."""
        self._write_row_group()
        _close(self._writer, self.start, self.end, self.end_epoch)
        return FinishedObject(
            start=self.start,
            end=self.end,
            end_epoch=self.end_epoch,
            content=self._sink.getvalue(),
            raw_bytes=self.raw_bytes,
            oldest_ms=self.oldest_ms,
        )

    def _write_row_group(self) -> None:
        if self._waiting:
            self._chunks.append(self._rows(self._waiting))
        if self._chunks:
            self._writer.write_table(pa.concat_tables(self._chunks))
        self._waiting, self._chunks, self._group_raw_bytes = [], [], 0

    def _rows(self, records: Sequence[Record]) -> pa.Table:
        return rows(self.start.partition, records)


def shortened(finished: FinishedObject, end: int) -> FinishedObject | None:
    """The object without the records from `end` on; None if nothing is left of it."""
    if end >= finished.end:
        return finished
    if end <= finished.start.offset:
        return None
    table = pq.read_table(pa.BufferReader(finished.content), schema=ROW_SCHEMA)
    sink = io.BytesIO()
    writer = _parquet_writer(sink)
    writer.write_table(table.filter(pc.field("kafka_offset") < end))
    _close(writer, finished.start, end, NO_EPOCH)
    return replace(finished, end=end, end_epoch=NO_EPOCH, content=sink.getvalue())


def _parquet_writer(sink: io.BytesIO) -> pq.ParquetWriter:
    return pq.ParquetWriter(
        sink,
        ROW_SCHEMA,
        compression="zstd",
        compression_level=1,
        use_dictionary=DICTIONARY_COLUMNS,
        write_statistics=["kafka_offset", "kafka_timestamp", "time", "drone_id"],
    )


def _close(writer: pq.ParquetWriter, start: ObjectStart, end: int, end_epoch: int) -> None:
    footer = Footer(start.topic_id, start.partition, start.offset, end, end_epoch=end_epoch)
    writer.add_key_value_metadata(footer_metadata(footer))
    writer.close()
