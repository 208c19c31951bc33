"""Questions about parking violations: reports -> answer. History (`nypd`) is kept apart."""

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F  # noqa: N812

from analysis.criteria import Criteria
from analysis.days import by_hour, by_kind_of_day, hourly, local_time, rate

TOP = 20


def violations_by_kind_of_day(reports: DataFrame, criteria: Criteria) -> DataFrame:
    """source, kind_of_day, days, violations, violations_per_day."""
    return (
        by_kind_of_day(_hourly_violations(reports, criteria), "violations")
        .withColumn("violations_per_day", rate("violations", "days"))
        .orderBy("source", "kind_of_day")
    )


def violations_by_hour(reports: DataFrame, criteria: Criteria) -> DataFrame:
    """source, hour, days, violations, violations_per_day."""
    return (
        by_hour(_hourly_violations(reports, criteria), "violations")
        .withColumn("violations_per_day", rate("violations", "days"))
        .select("source", "hour", "days", "violations", "violations_per_day")
        .orderBy("source", "hour")
    )


def top_codes(reports: DataFrame, _criteria: Criteria) -> DataFrame:
    """source, rank, code, violations, share (of the source's violations)."""
    return _top(reports, "violation.code", "code")


def top_places(reports: DataFrame, _criteria: Criteria) -> DataFrame:
    """source, rank, place, violations, share (of the source's violations at known places)."""
    return _top(reports, "location.place", "place")


def human_share_by_month(reports: DataFrame, criteria: Criteria) -> DataFrame:
    """source, month, reports, violations, needing_human, and its shares of both."""
    code = F.col("violation.code")
    month = F.date_format(local_time(criteria), "yyyy-MM").alias("month")
    needs_human = code.isin(*criteria.human_codes)
    return (
        reports.groupBy("source", month)
        .agg(
            F.count("*").alias("reports"),
            F.count(code).alias("violations"),
            F.count_if(needs_human).alias("needing_human"),
        )
        .withColumn("share_of_violations", rate("needing_human", "violations"))
        .withColumn("share_of_reports", rate("needing_human", "reports"))
        .orderBy("source", "month")
    )


def _hourly_violations(reports: DataFrame, criteria: Criteria) -> DataFrame:
    is_violation = F.col("violation.code").isNotNull().cast("int")
    return hourly(reports, criteria, violations=is_violation)


def _top(reports: DataFrame, column: str, name: str) -> DataFrame:
    of_source = Window.partitionBy("source")
    return (
        reports.where("violation.code IS NOT NULL")
        .where(F.col(column).isNotNull())
        .groupBy("source", F.col(column).alias(name))
        .agg(F.count("*").alias("violations"))
        .withColumn("rank", F.row_number().over(of_source.orderBy(F.desc("violations"), name)))
        .withColumn("share", F.round(F.col("violations") / F.sum("violations").over(of_source), 4))
        .where(F.col("rank") <= TOP)
        .select("source", "rank", name, "violations", "share")
        .orderBy("source", "rank")
    )
