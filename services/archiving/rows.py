"""Records to Arrow rows, one row a record. Pure. The columns: docs/report.md.

msgspec judges every record (services.reports.codec), exactly as alerting does, and the columns are
made from what it decoded: no second reader of JSON, so none that could disagree.
"""

from collections.abc import Sequence
from itertools import accumulate, chain
from operator import attrgetter
from typing import Any

import pyarrow as pa

from services.reports.codec import Rejection, judged
from services.reports.report import Telemetry
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


def rows(partition: int, records: Sequence[Record]) -> pa.Table:
    """A table of ROW_SCHEMA with one row for each record, in order."""
    contents = [judged(record) for record in records]
    reports = [None if isinstance(content, Rejection) else content for content in contents]
    rejected = [
        (record.value, content.reason) if isinstance(content, Rejection) else (None, None)
        for record, content in zip(records, contents, strict=True)
    ]
    columns = [
        pa.repeat(pa.scalar(partition, pa.int32()), len(records)),
        pa.array([record.offset for record in records], pa.int64()),
        pa.array([record.timestamp for record in records], KAFKA_FIELDS.field(2).type),
        *(column(attributes(reports, field.name), field.type) for field in REPORT_FIELDS),
        pa.array([value for value, _ in rejected], pa.binary()),
        pa.array([reason for _, reason in rejected], pa.string()),
    ]
    return pa.Table.from_arrays(columns, schema=ROW_SCHEMA)


def column(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    """An Arrow array of the values: objects with the struct's attributes, sequences, or plain."""
    if pa.types.is_struct(kind):
        children = [column(attributes(values, field.name), field.type) for field in kind]
        return pa.StructArray.from_arrays(children, fields=list(kind), mask=nulls(values))
    if pa.types.is_list(kind):
        lists = [value or () for value in values]
        offsets = pa.array(accumulate(map(len, lists), initial=0), pa.int32())
        items = column(list(chain.from_iterable(lists)), kind.value_type)
        return pa.ListArray.from_arrays(offsets, items, type=kind, mask=nulls(values))
    return pa.array(values, kind)


def attributes(values: Sequence[Any], name: str) -> list[Any]:
    """That attribute of each value; None where there is no value."""
    get = attrgetter(name)
    try:
        return list(map(get, values))
    except AttributeError:
        return [None if value is None else get(value) for value in values]


def nulls(values: Sequence[Any]) -> pa.Array:
    """True where there is no value."""
    return pa.array([value is None for value in values], pa.bool_())
