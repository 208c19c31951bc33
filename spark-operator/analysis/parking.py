"""Questions about parking violations: reports -> answer. History (`nypd`) is kept apart.

Drones and history are asked the same, side by side: a source's rows come one after the other.
"""

from itertools import chain

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F  # noqa: N812

from analysis.codes import MEANINGS
from analysis.criteria import Criteria
from analysis.days import (
    HISTORY,
    by_hour,
    by_kind_of_day,
    by_month,
    drones_time,
    hourly,
    rate,
)

TOP = 20
UNKNOWN = "unknown"
BOROUGHS = ("Manhattan", "Bronx", "Brooklyn", "Queens", "Staten Island")


def violations_by_kind_of_day(reports: DataFrame, criteria: Criteria) -> DataFrame:
    """source, kind_of_day, days, violations, violations_per_day."""
    tally = _hourly_violations(reports, criteria)
    return by_kind_of_day(tally, "violations").orderBy("source", "kind_of_day")


def violations_by_hour(reports: DataFrame, criteria: Criteria) -> DataFrame:
    """source, hour, days, violations, violations_per_day."""
    tally = _hourly_violations(reports, criteria)
    return by_hour(tally, "violations").orderBy("source", "hour")


def violations_by_month(reports: DataFrame, criteria: Criteria) -> DataFrame:
    """source, month (1 to 12, of any year), days, violations, violations_per_day."""
    tally = _hourly_violations(reports, criteria)
    return by_month(tally, "violations").orderBy("source", "month")


def top_codes(reports: DataFrame, criteria: Criteria) -> DataFrame:
    """source, rank, code, meaning, violations, share (of the source's violations)."""
    code = F.col("code")
    meanings = F.create_map(*map(F.lit, chain.from_iterable(MEANINGS.items())))
    needs_human = code.isin(*criteria.human_codes)
    meaning = F.when(needs_human, "needs a human").otherwise(meanings[code])
    return (
        _top(reports, F.col("violation.code"), "code")
        .withColumn("meaning", F.coalesce(meaning, F.lit(UNKNOWN)))
        .select("source", "rank", "code", "meaning", "violations", "share")
    )


def top_places(reports: DataFrame, _criteria: Criteria) -> DataFrame:
    """source, rank, place, violations, share (of the source's violations at known places)."""
    return _top(reports, F.col("location.place"), "place")


def top_boroughs(reports: DataFrame, _criteria: Criteria) -> DataFrame:
    """source, rank, borough, violations, share (of the source's violations).

    A drone's borough is the district in its place. Where none is named: unknown.
    """
    return _top(reports, F.coalesce(_borough(), F.lit(UNKNOWN)), "borough")


def human_share_by_month(reports: DataFrame, criteria: Criteria) -> DataFrame:
    """month, reports, violations, needing_human, and its shares of both; of drones.

    History's violations were written by humans: none needs one.
    """
    code = F.col("violation.code")
    month = F.date_format(drones_time(criteria), "yyyy-MM").alias("month")
    needs_human = code.isin(*criteria.human_codes)
    return (
        reports.where("source = 'drone'")
        .groupBy(month)
        .agg(
            F.count("*").alias("reports"),
            F.count(code).alias("violations"),
            F.count_if(needs_human).alias("needing_human"),
        )
        .withColumn("share_of_violations", rate("needing_human", "violations"))
        .withColumn("share_of_reports", rate("needing_human", "reports"))
        .orderBy("month")
    )


def _hourly_violations(reports: DataFrame, criteria: Criteria) -> DataFrame:
    is_violation = F.col("violation.code").isNotNull().cast("int")
    return hourly(reports, criteria, violations=is_violation)


def _borough() -> Column:
    """What stands behind the place's last comma; in history only if it is one of New York's."""
    place = F.col("location.place")
    last = F.substring_index(place, ", ", -1)
    named = F.when(F.col("source") == HISTORY, last.isin(*BOROUGHS)).otherwise(last != place)
    return F.when(named, last)


def _top(reports: DataFrame, column: Column, name: str) -> DataFrame:
    of_source = Window.partitionBy("source")
    return (
        reports.where("violation.code IS NOT NULL")
        .where(column.isNotNull())
        .groupBy("source", column.alias(name))
        .agg(F.count("*").alias("violations"))
        .withColumn("rank", F.row_number().over(of_source.orderBy(F.desc("violations"), name)))
        .withColumn("share", F.round(F.col("violations") / F.sum("violations").over(of_source), 4))
        .where(F.col("rank") <= TOP)
        .select("source", "rank", name, "violations", "share")
        .orderBy("source", "rank")
    )
