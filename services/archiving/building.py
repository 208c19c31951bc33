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
from services.stream.worker import Record

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
    """A whole Parquet object, ready to be put."""

    start: ObjectStart
    last_offset: int
    content: bytes
    raw_bytes: int
    oldest_ms: int

    @property
    def name(self) -> str:
        """Its name in the store."""
        return object_name(self.start)


class ObjectBuilder:
    """Grows by append, ends by finish; not to be used after that."""

    def __init__(self, first: Record, start: ObjectStart, now_seconds: float) -> None:
        self.start = start
        self.oldest_ms = first.timestamp
        self.opened_at_seconds = now_seconds
        self.last_offset = first.offset
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
        self.last_offset = records[-1].offset
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
        """Close the Parquet file, its footer telling which records it holds."""
        self._write_row_group()
        _close(self._writer, self.start, self.last_offset)
        content = self._sink.getvalue()
        return FinishedObject(self.start, self.last_offset, content, self.raw_bytes, self.oldest_ms)

    def _write_row_group(self) -> None:
        if self._waiting:
            self._chunks.append(self._rows(self._waiting))
        if self._chunks:
            self._writer.write_table(pa.concat_tables(self._chunks))
        self._waiting, self._chunks, self._group_raw_bytes = [], [], 0

    def _rows(self, records: Sequence[Record]) -> pa.Table:
        return rows(self.start.partition, records)


def shortened(finished: FinishedObject, last_offset: int) -> FinishedObject | None:
    """The object without the records behind last_offset; None if nothing is left of it."""
    if last_offset >= finished.last_offset:
        return finished
    if last_offset < finished.start.offset:
        return None
    table = pq.read_table(pa.BufferReader(finished.content), schema=ROW_SCHEMA)
    sink = io.BytesIO()
    writer = _parquet_writer(sink)
    writer.write_table(table.filter(pc.field("kafka_offset") <= last_offset))
    _close(writer, finished.start, last_offset)
    return replace(finished, last_offset=last_offset, content=sink.getvalue())


def _parquet_writer(sink: io.BytesIO) -> pq.ParquetWriter:
    return pq.ParquetWriter(
        sink,
        ROW_SCHEMA,
        compression="zstd",
        compression_level=1,
        use_dictionary=DICTIONARY_COLUMNS,
        write_statistics=["kafka_offset", "kafka_timestamp", "time", "drone_id"],
    )


def _close(writer: pq.ParquetWriter, start: ObjectStart, last_offset: int) -> None:
    footer = Footer(start.topic_id, start.partition, start.offset, last_offset)
    writer.add_key_value_metadata(footer_metadata(footer))
    writer.close()
