"""The archive as DataFrames. `read_reports` is the one way in for every analysis.

The row's format: docs/report.md. What a read costs, however old the archive is:

- Only the day folders that the range of arrival names are listed, and of these only the hours
  in it are read.
- Each report_id once: one pass over the ids alone finds those that stand there more than once.
  They are few (something was sent twice), so no question ever shuffles whole reports: each
  scans just the columns it needs, leaves the repeated ids out with what is normally a broadcast
  join, and adds the first copy of each. If they are many, Spark joins by sorting instead:
  slower, but bounded.
- The reports themselves are not cached: reading one column of Parquet again is cheaper than
  keeping years of reports on the executors' disks.
"""

from dataclasses import dataclass
from datetime import date, datetime

import click
from pyarrow.fs import FileSelector, FileType
from pyspark import StorageLevel
from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F  # noqa: N812

from analysis.storage import Storage

ROW_SCHEMA = """
    kafka_partition INT, kafka_offset BIGINT, kafka_timestamp TIMESTAMP,
    report_id STRING, drone_id STRING, source STRING, time TIMESTAMP,
    location STRUCT<latitude: DOUBLE, longitude: DOUBLE, place: STRING>,
    violation STRUCT<code: STRING, image_id: STRING>,
    citizens ARRAY<STRUCT<name: STRING, score: DOUBLE>>,
    words ARRAY<STRING>,
    telemetry STRUCT<battery: DOUBLE, motor_temperature_celsius: DOUBLE, vibration_g: DOUBLE,
        flight_hours: DOUBLE, signal_dbm: DOUBLE>,
    rejected_value BINARY, rejected_reason STRING,
    date DATE, hour INT
"""
# Of the archive's making, not of the report.
BOOKKEEPING = ("rejected_value", "rejected_reason", "date", "hour")
ARRIVAL_ORDER = ("kafka_timestamp", "kafka_partition", "kafka_offset")
FOLDER = "reports"


@dataclass(frozen=True, slots=True)
class Arrival:
    """A range of arrival at the broker, UTC: from start on, before end; None is open."""

    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class RowCounts:
    """What stood in the range; rows = reports + copies + rejected."""

    rows: int
    reports: int
    copies: int
    rejected: int


@dataclass(frozen=True, slots=True)
class ArchivedReports:
    """The reports of a range, each report_id once, and how many rows they came from."""

    reports: DataFrame
    counts: RowCounts


def read_reports(spark: SparkSession, archive: Storage, arrival: Arrival) -> ArchivedReports:
    """The archive's reports that arrived in the range, each report_id once: its first arrival.

    "Once" holds within the range. Columns as in docs/report.md, without the rejected ones.
    Counts at once (two narrow passes). ClickException if there is no archive.
    """
    rows = archived_rows(spark, archive, arrival)
    reports = rows.where("rejected_reason IS NULL").drop(*BOOKKEEPING)
    repeated = repeated_ids(reports).persist(StorageLevel.DISK_ONLY)
    row_count, rejected = rows.agg(F.count("*"), F.count("rejected_reason")).first() or (0, 0)
    ids, occurrences = repeated.agg(F.count("*"), F.sum("occurrences")).first() or (0, 0)
    copies = (occurrences or 0) - ids
    counts = RowCounts(row_count, row_count - rejected - copies, copies, rejected)
    return ArchivedReports(each_once(reports, repeated) if copies else reports, counts)


def archived_rows(spark: SparkSession, archive: Storage, arrival: Arrival) -> DataFrame:
    """All rows that arrived in the range, rejected ones too, with folder columns date, hour."""
    paths = [f"{archive.uri}/{FOLDER}/{folder}" for folder in day_folders(archive, arrival)]
    if not paths:
        return spark.createDataFrame([], ROW_SCHEMA)
    reader = spark.read.schema(ROW_SCHEMA).option("basePath", f"{archive.uri}/{FOLDER}")
    return reader.parquet(*paths).where(_arrived_in(arrival))


def day_folders(archive: Storage, arrival: Arrival) -> list[str]:
    """Names of the folders date=YYYY-MM-DD that the range touches, oldest first."""
    selector = FileSelector(f"{archive.root}/{FOLDER}")
    try:
        entries = archive.filesystem.get_file_info(selector)
    except FileNotFoundError as error:
        raise click.ClickException(
            f"no archive at {archive.uri}: there is no folder {FOLDER}/ in it"
        ) from error
    except OSError as error:
        raise click.ClickException(f"cannot read the archive {archive.uri}: {error}") from error
    names = (entry.base_name for entry in entries if entry.type == FileType.Directory)
    return sorted(name for name in names if _touches(arrival, name))


def repeated_ids(reports: DataFrame) -> DataFrame:
    """report_id, occurrences of the ids that stand there more than once."""
    counted = reports.groupBy("report_id").agg(F.count("*").alias("occurrences"))
    return counted.where("occurrences > 1")


def each_once(reports: DataFrame, repeated: DataFrame) -> DataFrame:
    """The reports, of each repeated id only the one that arrived first."""
    in_order = Window.partitionBy("report_id").orderBy(*ARRIVAL_ORDER)
    first_copies = (
        reports.join(repeated, "report_id", "left_semi")
        .withColumn("copy", F.row_number().over(in_order))
        .where("copy = 1")
        .drop("copy")
        .persist(StorageLevel.DISK_ONLY)
    )
    return reports.join(repeated, "report_id", "left_anti").unionByName(first_copies)


def _touches(arrival: Arrival, folder: str) -> bool:
    try:
        day = date.fromisoformat(folder.removeprefix("date="))
    except ValueError:
        return False
    is_late_enough = arrival.start is None or day >= arrival.start.date()
    return is_late_enough and (arrival.end is None or day <= arrival.end.date())


def _arrived_in(arrival: Arrival) -> Column:
    # Folder and row: the first prunes folders, the second is exact.
    hour_folder = F.make_timestamp(
        F.year("date"), F.month("date"), F.day("date"), F.col("hour"), F.lit(0), F.lit(0)
    )
    condition = F.lit(True)
    if arrival.start:
        start_hour = arrival.start.replace(minute=0, second=0, microsecond=0)
        condition &= hour_folder >= F.lit(start_hour)
        condition &= F.col("kafka_timestamp") >= F.lit(arrival.start)
    if arrival.end:
        condition &= (hour_folder < F.lit(arrival.end)) & (
            F.col("kafka_timestamp") < F.lit(arrival.end)
        )
    return condition
