"""The views that SQL sees: reports, citizens, words."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

AROUND = ("report_id", "drone_id", "source", "time", "location", "telemetry")


def citizens_in(reports: DataFrame) -> DataFrame:
    """One row a citizen: name, score, and the fields of its report."""
    return reports.select(*AROUND, F.inline("citizens"))


def words_in(reports: DataFrame) -> DataFrame:
    """One row a word heard: word, and the fields of its report."""
    return reports.select(*AROUND, F.explode("words").alias("word"))


def register_views(reports: DataFrame) -> None:
    """Make reports, citizens and words known to SQL in the session of the reports."""
    reports.createOrReplaceTempView("reports")
    citizens_in(reports).createOrReplaceTempView("citizens")
    words_in(reports).createOrReplaceTempView("words")
