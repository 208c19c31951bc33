"""Bench: records to Arrow rows to Parquet, against the same record by record."""

import io
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from bench.corpus import record_values
from bench.tables import Row, Table, ratio
from bench.timing import per_second
from services.archiving.naming import ObjectStart, arrival_hour
from services.archiving.object_builder import ObjectBuilder
from services.archiving.rows import ROW_SCHEMA, rows
from services.reports.codec import Oversize, Rejection, decoded

RECORDS = 12_000
POLL_RECORDS = 500
GARBAGE_SHARES = (0.0, 0.01)
TARGET = 60_000
COLUMN = "records/s"
ARRIVED_MS = 1_772_452_800_000
ROUNDS = 3


class BenchRecord(NamedTuple):
    """As Kafka would give it."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    oversize: Oversize | None = None


def rows_table() -> Table:
    """Without and with garbage."""
    return Table(
        "rows: records to Arrow rows to Parquet (zstd), one core",
        (
            f"{RECORDS:,} records of 600 bytes or more; median of {ROUNDS} rounds.",
            "records/s is a CPU second's, Arrow's threads included."
            " The ratio is ours (to Parquet) to this peer.",
            f"A part of archiving, whose target is {TARGET:,} reports/s with everything.",
        ),
        tuple(row for share in GARBAGE_SHARES for row in _rows(share)),
    )


def _rows(garbage_share: float) -> list[Row]:
    values = record_values(RECORDS, garbage_share, partitions=1)
    records = [BenchRecord(o, ARRIVED_MS + o, None, value) for o, value in enumerate(values)]
    judged = per_second(lambda: [decoded(r.value) for r in records], RECORDS, ROUNDS)
    arrow = per_second(lambda: rows(0, records), RECORDS, ROUNDS)
    parquet = per_second(lambda: archived(records), RECORDS, ROUNDS)
    one_by_one = per_second(lambda: archived_one_by_one(records), RECORDS, ROUNDS)
    garbage = f"{garbage_share:.0%} garbage"
    return [
        {"what": f"{garbage}: decoded only (ours)", COLUMN: judged},
        {"what": f"{garbage}: to Arrow rows (ours)", COLUMN: arrow},
        {"what": f"{garbage}: to Parquet (ours)", COLUMN: parquet},
        {
            "what": f"{garbage}: to Parquet, record by record",
            COLUMN: one_by_one,
            "ratio": ratio(parquet, one_by_one),
        },
    ]


def archived(records: Sequence[BenchRecord]) -> bytes:
    """The object that archiving builds of them."""
    start = ObjectStart("0" * 8, partition=0, offset=0, hour=arrival_hour(ARRIVED_MS))
    builder = ObjectBuilder(start, records[0].timestamp, now_seconds=0.0)
    for at in range(0, len(records), POLL_RECORDS):
        builder.append(records[at : at + POLL_RECORDS])
    builder.end = len(records)
    return builder.finish().content


def archived_one_by_one(records: Sequence[BenchRecord]) -> bytes:
    """The peer: a Python row for each record, the same columns, the same compression."""
    table = pa.Table.from_pylist([_row(record) for record in records], ROW_SCHEMA)
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd", compression_level=1)
    return sink.getvalue()


def _row(record: BenchRecord) -> dict[str, Any]:
    content = decoded(record.value)
    kafka = {
        "kafka_partition": 0,
        "kafka_offset": record.offset,
        "kafka_timestamp": record.timestamp,
    }
    if isinstance(content, Rejection):
        return kafka | {"rejected_value": record.value, "rejected_reason": content.reason}
    fields: dict[str, Any] = msgspec.to_builtins(content, builtin_types=(datetime,))
    return kafka | fields
