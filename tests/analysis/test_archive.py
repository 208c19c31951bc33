"""Reading the archive: each report once, reports only, and only the folders asked for."""

import re
from pathlib import Path

import click
import pytest
from pyspark.sql import SparkSession

from analysis.archive import Arrival, RowCounts, archived_rows, day_folders, read_reports
from analysis.failures import FAILURES, reason
from analysis.storage import S3Access, Storage, storage_at
from tests.analysis.conftest import WriteRows
from tests.analysis.rows import at, people, rejected, report, write_rows

ALWAYS = Arrival()


def test_a_report_is_read_as_it_was_written(
    spark: SparkSession, archive: Storage, write: WriteRows
) -> None:
    written = {"citizens": people(0.25), "words": ["peace"], "time": at("2026-03-02T11:59:58.123")}
    write(written)
    row = read_reports(spark, archive, ALWAYS).reports.select("time", "citizens.score", "words")
    (read,) = row.toArrow().to_pylist()
    assert read == {"time": written["time"], "score": [0.25], "words": ["peace"]}


def test_what_is_no_report_is_counted_but_not_read(spark: SparkSession, archive: Storage) -> None:
    write_rows(Path(archive.root), [rejected(0), report(1), rejected(2)])
    archived = read_reports(spark, archive, ALWAYS)
    assert archived.counts == RowCounts(rows=3, reports=1, copies=0, rejected=2)
    assert [row.report_id for row in archived.reports.collect()] == ["r1"]
    assert "rejected_reason" not in archived.reports.columns


def test_of_a_report_sent_thrice_the_first_to_arrive_is_read(
    spark: SparkSession, archive: Storage, write: WriteRows
) -> None:
    early, late = at("2026-03-02T12:00:01"), at("2026-03-02T13:00:01")
    twin = {"report_id": "twin"}
    write({**twin, "kafka_timestamp": late, "drone_id": "third"})
    write({**twin, "kafka_offset": 9, "drone_id": "second"}, {"kafka_offset": 10})
    write({**twin, "kafka_offset": 8, "kafka_timestamp": early, "drone_id": "first"})
    archived = read_reports(spark, archive, ALWAYS)
    assert archived.counts == RowCounts(rows=4, reports=2, copies=2, rejected=0)
    read = {(row.report_id, row.drone_id) for row in archived.reports.collect()}
    assert read == {("twin", "first"), ("r1", "d1")}
    assert archived.reports.count() == 2


def test_a_row_that_stands_twice_with_all_it_says_is_read_once(
    spark: SparkSession, archive: Storage, write: WriteRows
) -> None:
    write({"kafka_offset": 5}, {"kafka_offset": 5, "report_id": "r0"})
    assert read_reports(spark, archive, ALWAYS).reports.count() == 1


HOURS = ("2026-03-01T23", "2026-03-02T09", "2026-03-02T10", "2026-03-02T11", "2026-03-03T00")


@pytest.fixture
def five_hours(archive: Storage) -> Storage:
    """A report at :00 and one at :30 of each of five hours of three days."""
    for hour in HOURS:
        rows = [
            report(0, kafka_timestamp=at(f"{hour}:00"), report_id=f"{hour}:00"),
            report(1, kafka_timestamp=at(f"{hour}:30"), report_id=f"{hour}:30"),
        ]
        write_rows(Path(archive.root), rows)
    return archive


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (None, None, [f"{hour}:{minute}" for hour in HOURS for minute in ("00", "30")]),
        ("2026-03-02T10:30", "2026-03-02T11:00", ["2026-03-02T10:30"]),
        ("2026-03-02T11:30", None, ["2026-03-02T11:30", "2026-03-03T00:00", "2026-03-03T00:30"]),
        (None, "2026-03-01T23:30", ["2026-03-01T23:00"]),
        (None, "2026-03-02T00:00", ["2026-03-01T23:00", "2026-03-01T23:30"]),
        ("2026-03-04T00:00", None, []),
        ("2026-03-02T12:00", "2026-03-02T23:00", []),
    ],
)
def test_the_range_holds_its_start_and_not_its_end(
    spark: SparkSession,
    five_hours: Storage,
    start: str | None,
    end: str | None,
    expected: list[str],
) -> None:
    arrival = Arrival(start and at(start), end and at(end))
    archived = read_reports(spark, five_hours, arrival)
    assert sorted(row.report_id for row in archived.reports.collect()) == expected
    assert archived.counts.reports == len(expected)


def test_only_the_days_of_the_range_are_listed(five_hours: Storage) -> None:
    arrival = Arrival(at("2026-03-02T00:00"), at("2026-03-02T23:00"))
    assert day_folders(five_hours, arrival) == ["date=2026-03-02"]


def test_the_hours_outside_the_range_are_not_opened(
    spark: SparkSession, five_hours: Storage
) -> None:
    """Their objects are broken: whoever opens one fails."""
    for hour in ("09", "11"):
        for broken in Path(five_hours.root).glob(f"reports/date=2026-03-02/hour={hour}/*"):
            broken.write_bytes(b"no Parquet")
    arrival = Arrival(at("2026-03-02T10:00"), at("2026-03-02T11:00"))
    assert read_reports(spark, five_hours, arrival).reports.count() == 2
    with pytest.raises(FAILURES) as raised:
        read_reports(spark, five_hours, ALWAYS)
    assert re.match(r"\[FAILED_READ_FILE.*hour=(09|11)/deadbeef", reason(raised.value))


def test_only_the_columns_of_the_question_are_read(
    spark: SparkSession, five_hours: Storage
) -> None:
    scores = archived_rows(spark, five_hours, ALWAYS).select("citizens.score")
    plan = scores._jdf.queryExecution().executedPlan().toString()
    assert "ReadSchema: struct<citizens:array<struct<score:double>>" in plan
    assert "rejected_value" not in plan


def test_an_archive_without_a_day_is_an_empty_answer(spark: SparkSession, archive: Storage) -> None:
    archived = read_reports(spark, archive, ALWAYS)
    assert archived.counts == RowCounts(rows=0, reports=0, copies=0, rejected=0)
    assert archived.reports.collect() == []


def test_other_files_in_the_archive_are_no_days(archive: Storage, write: WriteRows) -> None:
    write({})
    Path(archive.root, "reports", "date=unknown").mkdir()
    Path(archive.root, "reports", "README").touch()
    assert day_folders(archive, ALWAYS) == ["date=2026-03-02"]


def test_no_archive_is_said_in_one_line(spark: SparkSession, tmp_path: Path) -> None:
    nowhere = storage_at(str(tmp_path / "nowhere"), S3Access())
    with pytest.raises(click.ClickException, match=r"no archive at file:.*nowhere"):
        read_reports(spark, nowhere, ALWAYS)
