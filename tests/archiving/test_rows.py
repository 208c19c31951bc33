"""One record, one row: the cases that a reader of many lines at once is known to get wrong."""

import io
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from services.archiving.rows import ROW_SCHEMA, rows
from services.reports.codec import Oversize, encoded
from services.reports.report import Citizen, Location, Report, Telemetry, Violation
from tests.reports.strategies import NOT_REPORTS, GivenRecord

NOON = datetime(2026, 3, 2, 12, 0, 0, 123_000, UTC)
FULL = Report(
    report_id="full",
    drone_id="drone-1",
    time=NOON,
    source="drone",
    location=Location(48.8566, 2.3522, "Rue de Rivoli"),
    violation=Violation("21", "img-1"),
    citizens=(Citizen("Aurore Durand", 0.25), Citizen("Jean Martin", 1.0)),
    words=("market", "rain"),
    telemetry=Telemetry(0.83, 41.2, 0.31, 1234.5, -67.0),
)
BARE = Report(report_id="bare", drone_id="drone-2", time=NOON, source="nypd")


def table_of(*values: bytes | None) -> pa.Table:
    return rows(3, [GivenRecord(100 + n, value) for n, value in enumerate(values)])


def test_a_full_report_fills_every_column_of_a_report() -> None:
    assert table_of(encoded(FULL)).to_pylist() == [
        {
            "kafka_partition": 3,
            "kafka_offset": 100,
            "kafka_timestamp": datetime(2026, 3, 2, 12, tzinfo=UTC),
            "report_id": "full",
            "drone_id": "drone-1",
            "time": NOON,
            "source": "drone",
            "location": {"latitude": 48.8566, "longitude": 2.3522, "place": "Rue de Rivoli"},
            "violation": {"code": "21", "image_id": "img-1"},
            "citizens": [
                {"name": "Aurore Durand", "score": 0.25},
                {"name": "Jean Martin", "score": 1.0},
            ],
            "words": ["market", "rain"],
            "telemetry": {
                "battery": 0.83,
                "motor_temperature_celsius": 41.2,
                "vibration_g": 0.31,
                "flight_hours": 1234.5,
                "signal_dbm": -67.0,
            },
            "rejected_value": None,
            "rejected_reason": None,
        }
    ]


def test_a_bare_report_has_nulls_and_empty_lists_and_a_rejection_only_nulls() -> None:
    bare, garbage = table_of(encoded(BARE), b"x").to_pylist()

    assert (bare["citizens"], bare["words"]) == ([], [])
    assert (garbage["citizens"], garbage["words"]) == (None, None)
    for name in ("location", "violation", "telemetry"):
        assert (bare[name], garbage[name]) == (None, None)


def test_no_records_are_a_table_without_rows() -> None:
    table = table_of()

    assert (table.num_rows, table.schema) == (0, ROW_SCHEMA)


F, B = encoded(FULL), encoded(BARE)
BATCHES: dict[str, tuple[tuple[bytes | None, ...], tuple[str | None, ...]]] = {
    "garbage first": ((b"x", F, B), (None, "full", "bare")),
    "garbage last": ((F, B, b"x"), ("full", "bare", None)),
    "garbage alone": ((b"x",), (None,)),
    "garbage only": ((None, b"", b"x"), (None, None, None)),
    "no value": ((F, None, B), ("full", None, "bare")),
    "an empty value": ((F, b"", B), ("full", None, "bare")),
    "only a line break": ((F, b"\n", B), ("full", None, "bare")),
    "null": ((F, b"null", B), ("full", None, "bare")),
    "two documents": ((F, B + B, B), ("full", None, "bare")),
    "two lines": ((F, B + b"\n" + B, B), ("full", None, "bare")),
    "half a report and its other half": ((F[:50], F[50:], B), (None, None, "bare")),
    "a byte order mark": ((b"\xef\xbb\xbf" + F, B), (None, "bare")),
    "NaN": ((F.replace(b"41.2", b"NaN"), B), (None, "bare")),
    "an unclosed string": ((F[:-1] + b',"x":"', B), (None, "bare")),
    "line breaks within": ((F.replace(b",", b",\n"), B), ("full", "bare")),
    "a line break at the end": ((F + b"\n", B), ("full", "bare")),
    "a field twice": ((b'{"report_id":"x",' + F[1:], B), ("full", "bare")),
    "the same report twice": ((F, F), ("full", "full")),
    "an unknown field that is not UTF-8": ((F[:-1] + b',"x":"\xff"}', B), ("full", "bare")),
}


@pytest.mark.parametrize(("values", "report_ids"), BATCHES.values(), ids=BATCHES)
def test_a_batch_has_one_row_for_each_record(
    values: tuple[bytes | None, ...], report_ids: tuple[str | None, ...]
) -> None:
    table = table_of(*values)

    assert table["report_id"].to_pylist() == list(report_ids)
    assert table["kafka_offset"].to_pylist() == list(range(100, 100 + len(values)))
    kept = zip(values, report_ids, strict=True)
    assert table["rejected_value"].to_pylist() == [v if i is None else None for v, i in kept]
    reasons = table["rejected_reason"].to_pylist()
    assert [reason is None for reason in reasons] == [i is not None for i in report_ids]


@pytest.mark.parametrize("value", NOT_REPORTS.values(), ids=NOT_REPORTS)
def test_garbage_among_reports_keeps_its_bytes_and_harms_no_other(value: bytes | None) -> None:
    table = table_of(F, value, B)

    assert table["report_id"].to_pylist() == ["full", None, "bare"]
    assert table["rejected_value"].to_pylist() == [None, value, None]


def test_every_row_can_be_written_to_parquet_and_read_again() -> None:
    table = table_of(F, None, b"", b"\xff\x00", B, *NOT_REPORTS.values())
    sink = io.BytesIO()

    pq.write_table(table, sink, compression="zstd")

    assert pq.read_table(pa.BufferReader(sink.getvalue())).equals(table)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("1900-01-01T00:00:00+23:59", datetime(1899, 12, 31, 0, 1, tzinfo=UTC)),
        (
            "2999-12-31T23:59:59.999999-23:59",
            datetime(3000, 1, 1, 23, 58, 59, 999_999, UTC),
        ),
        ("1969-12-31T23:59:59.999999Z", datetime(1969, 12, 31, 23, 59, 59, 999_999, UTC)),
        ("2026-03-02T12:00:00.000001+05:45", datetime(2026, 3, 2, 6, 15, 0, 1, UTC)),
    ],
)
def test_times_are_kept_in_utc_to_the_microsecond(text: str, time: datetime) -> None:
    value = B.replace(b"2026-03-02T12:00:00.123000Z", text.encode())

    assert table_of(value)["time"].to_pylist() == [time]


def test_an_oversize_record_is_rejected_by_its_beginning_size_and_digest() -> None:
    beginning = encoded(Report("r-1", "d-1", datetime(2026, 3, 2, tzinfo=UTC), "drone"))
    record = GivenRecord(5, beginning, oversize=Oversize(2_000_000, "ab" * 32))
    [row] = rows(0, [record]).to_pylist()
    assert (row["report_id"], row["rejected_value"]) == (None, beginning)
    assert row["rejected_reason"] == (
        f"larger than 1048576 bytes: 2000000 bytes, SHA-256 {'ab' * 32}"
    )
