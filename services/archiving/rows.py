"""Records to Arrow rows, one row a record. Pure. The columns: docs/report.md.

msgspec judges every record (services.reports.codec), exactly as alerting does. Arrow then reads
only what msgspec wrote again from the valid ones, one line each: no line break, second document,
duplicate key, NaN or byte order mark of a record can reach it, so one report is one row.
"""

from collections.abc import Sequence

import msgspec
import pyarrow as pa
import pyarrow.json

from services.reports.codec import Rejection, decoded
from services.reports.report import Report, Telemetry
from services.stream.worker import Record

REPORT_FIELDS = pa.schema(
    [
        ("report_id", pa.string()),
        ("drone_id", pa.string()),
        ("time", pa.timestamp("us", "UTC")),
        ("source", pa.string()),
        (
            "location",
            pa.struct(
                [("latitude", pa.float64()), ("longitude", pa.float64()), ("place", pa.string())]
            ),
        ),
        ("violation", pa.struct([("code", pa.string()), ("image_id", pa.string())])),
        ("citizens", pa.list_(pa.struct([("name", pa.string()), ("score", pa.float64())]))),
        ("words", pa.list_(pa.string())),
        ("telemetry", pa.struct([(f, pa.float64()) for f in Telemetry.__struct_fields__])),
    ]
)
KAFKA_FIELDS = pa.schema(
    [
        ("kafka_partition", pa.int32()),
        ("kafka_offset", pa.int64()),
        ("kafka_timestamp", pa.timestamp("ms", "UTC")),
    ]
)
REJECTION_FIELDS = pa.schema([("rejected_value", pa.binary()), ("rejected_reason", pa.string())])
ROW_SCHEMA = pa.schema([*KAFKA_FIELDS, *REPORT_FIELDS, *REJECTION_FIELDS])

_encoder = msgspec.json.Encoder()


def rows(partition: int, records: Sequence[Record]) -> pa.Table:
    """A table of ROW_SCHEMA with one row for each record, in order."""
    contents = [decoded(record.value) for record in records]
    reports = [content for content in contents if not isinstance(content, Rejection)]
    table = report_columns(reports)
    if len(reports) < len(records):
        table = table.take(_row_numbers(contents))
    columns = [*_kafka_columns(partition, records), *table.columns]
    return pa.Table.from_arrays(
        [*columns, *_rejection_columns(records, contents)], schema=ROW_SCHEMA
    )


def report_columns(reports: Sequence[Report]) -> pa.Table:
    """The reports' own columns, REPORT_FIELDS."""
    if not reports:
        return REPORT_FIELDS.empty_table()
    lines = _encoder.encode_lines(reports)
    try:
        table = pa.json.read_json(
            pa.BufferReader(lines),
            # One block, so that no line can straddle two; threads gain nothing then.
            read_options=pa.json.ReadOptions(use_threads=False, block_size=len(lines) + 1),
            parse_options=pa.json.ParseOptions(
                explicit_schema=REPORT_FIELDS, unexpected_field_behavior="error"
            ),
        )
    except pa.ArrowInvalid:
        table = None
    if table is None or table.num_rows != len(reports):
        return pa.Table.from_pylist([_fields(report) for report in reports], REPORT_FIELDS)
    return table


def _fields(report: Report) -> dict[str, object]:
    fields: dict[str, object] = msgspec.to_builtins(report, builtin_types=(type(report.time),))
    return fields


def _row_numbers(contents: Sequence[Report | Rejection]) -> pa.Array:
    """For each record its row among the reports, null for what is none."""
    numbers = iter(range(len(contents)))
    return pa.array(
        [None if isinstance(content, Rejection) else next(numbers) for content in contents],
        pa.int64(),
    )


def _kafka_columns(partition: int, records: Sequence[Record]) -> list[pa.Array]:
    return [
        pa.repeat(pa.scalar(partition, pa.int32()), len(records)),
        pa.array([record.offset for record in records], pa.int64()),
        pa.array([record.timestamp for record in records], KAFKA_FIELDS.field(2).type),
    ]


def _rejection_columns(
    records: Sequence[Record], contents: Sequence[Report | Rejection]
) -> list[pa.Array]:
    rejections = [content if isinstance(content, Rejection) else None for content in contents]
    if not any(rejections):
        return [pa.nulls(len(records), field.type) for field in REJECTION_FIELDS]
    pairs = zip(records, rejections, strict=True)
    values = [record.value if rejection else None for record, rejection in pairs]
    reasons = [rejection.reason if rejection else None for rejection in rejections]
    return [pa.array(values, pa.binary()), pa.array(reasons, pa.string())]
