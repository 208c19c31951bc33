"""Whatever a batch of records holds, the archive keeps as a report what alerting takes as one."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from services.alerting.alert_router import AlertRouter, OutputTopics
from services.alerting.report_partition import ReportPartition
from services.alerting.rules import Rules
from services.archiving.rows import REPORT_FIELDS, ROW_SCHEMA, rows
from services.reports.codec import Rejection, decoded, encoded
from services.reports.report import Report
from services.stream.outgoing import Origin
from services.stream.worker import Fetch
from tests.reports.strategies import GivenRecord, anything, examples, reports

FIRST_OFFSET = 2**40
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
REPORT_COLUMNS = tuple(REPORT_FIELDS.names)
batches = st.lists(anything, max_size=6)


def records_of(values: list[bytes | None]) -> list[GivenRecord]:
    """With gaps between the offsets, as aborted transactions leave them."""
    return [
        GivenRecord(FIRST_OFFSET + n * n, value, timestamp=FIRST_OFFSET - n)
        for n, value in enumerate(values)
    ]


def given_columns(report: Report) -> dict[str, Any]:
    """The report as its row must show it; the time in microseconds, exactly."""
    location, violation, telemetry = report.location, report.violation, report.telemetry
    return {
        "report_id": report.report_id,
        "drone_id": report.drone_id,
        "time": (report.time - EPOCH) // timedelta(microseconds=1),
        "source": report.source,
        "location": location
        and {
            "latitude": location.latitude,
            "longitude": location.longitude,
            "place": location.place,
        },
        "violation": violation and {"code": violation.code, "image_id": violation.image_id},
        "citizens": [{"name": c.name, "score": c.score} for c in report.citizens],
        "words": list(report.words),
        "telemetry": telemetry
        and {
            "battery": telemetry.battery,
            "motor_temperature_celsius": telemetry.motor_temperature_celsius,
            "vibration_g": telemetry.vibration_g,
            "flight_hours": telemetry.flight_hours,
            "signal_dbm": telemetry.signal_dbm,
        },
    }


def row_dicts(table: pa.Table) -> list[dict[str, Any]]:
    at = table.schema.get_field_index("time")
    whole: list[dict[str, Any]] = table.set_column(
        at, "time", table["time"].cast("int64")
    ).to_pylist()
    return whole


def is_same(left: Any, right: Any) -> bool:
    """Equal, and no -0.0 for a 0.0: as JSON every float has one spelling of its own."""
    return bool(left == right) and msgspec.json.encode(left) == msgspec.json.encode(right)


@examples(150)
@given(batches)
def test_each_record_has_its_row_in_order(values: list[bytes | None]) -> None:
    records = records_of(values)

    table = rows(7, records)

    table.validate(full=True)
    assert table.schema == ROW_SCHEMA
    assert table["kafka_offset"].to_pylist() == [record.offset for record in records]
    assert table["kafka_partition"].to_pylist() == [7] * len(records)
    assert table["kafka_timestamp"].cast("int64").to_pylist() == [r.timestamp for r in records]


@examples(150)
@given(batches)
def test_a_row_is_what_msgspec_says_of_its_record(values: list[bytes | None]) -> None:
    for value, row in zip(values, row_dicts(rows(7, records_of(values))), strict=True):
        content = decoded(value)
        columns = {name: row[name] for name in REPORT_COLUMNS}
        if isinstance(content, Rejection):
            assert (row["rejected_value"], row["rejected_reason"]) == (value, content.reason)
            assert set(map(str, columns.values())) == {"None"}
        else:
            assert (row["rejected_value"], row["rejected_reason"]) == (None, None)
            assert is_same(columns, given_columns(content))


@examples(150)
@given(batches)
def test_the_archive_rejects_exactly_what_alerting_rejects(values: list[bytes | None]) -> None:
    records = records_of(values)
    fetch = Fetch(7, records[0].offset if records else 0, records, FIRST_OFFSET * 2)
    partition = ReportPartition(Origin("reports", 7), fetch.begin)

    partition.accept(fetch, AlertRouter(Rules(), OutputTopics()), lambda: 0)
    while partition.unread:
        partition.take_alerts(max_records=100, max_bytes=2**20)

    kept = {r.record.offset: r for r in partition.take_rejected(100, 2**30)}
    rejections = [kept.get(record.offset) for record in records]
    table = rows(7, records)
    assert table["rejected_reason"].to_pylist() == [r and r.reason for r in rejections]
    assert table["rejected_value"].to_pylist() == [r and r.record.value for r in rejections]


@examples(100)
@given(st.lists(reports, max_size=6))
def test_the_columns_are_those_that_arrow_makes_of_plain_python(
    given_reports: list[Report],
) -> None:
    dicts = [msgspec.to_builtins(r, builtin_types=(datetime,)) for r in given_reports]

    table = rows(7, records_of([encoded(report) for report in given_reports]))

    by_arrow = pa.Table.from_pylist(dicts, REPORT_FIELDS)
    assert table.select(REPORT_FIELDS.names).equals(by_arrow)
    assert table["rejected_reason"].null_count == len(given_reports)
