"""Hours, days and kinds of day in the time zone asked for, so that rates compare fairly."""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F  # noqa: N812

from analysis.bins import every_bin
from analysis.criteria import Criteria


def local_time(criteria: Criteria) -> Column:
    """A report's `time` on the clocks of the time zone."""
    return F.from_utc_timestamp("time", criteria.time_zone)


def hourly(reports: DataFrame, criteria: Criteria, **counted: Column) -> DataFrame:
    """source, day, hour, and the sum of each counted column; only hours with reports."""
    time = local_time(criteria)
    sums = [F.sum(column).alias(name) for name, column in counted.items()]
    return reports.groupBy("source", F.to_date(time).alias("day"), F.hour(time).alias("hour")).agg(
        *sums
    )


def by_kind_of_day(tally: DataFrame, *counted: str) -> DataFrame:
    """source, kind_of_day, days, and the counted columns' sums of an hourly tally.

    A day counts if there is any report of it, also when nothing happened on it.
    """
    is_weekend = F.weekday("day") >= 5
    return tally.groupBy(
        "source", F.when(is_weekend, "weekend").otherwise("weekday").alias("kind_of_day")
    ).agg(F.countDistinct("day").alias("days"), *_sums(counted))


def by_hour(tally: DataFrame, *counted: str) -> DataFrame:
    """source, hour (all 24), days (with any report), and the counted columns' sums."""
    of_source = Window.partitionBy("source")
    # The last day's number is the number of days, and costs no second look at the reports.
    day_number = F.dense_rank().over(of_source.orderBy("day"))
    sums = (
        tally.withColumn("day_number", day_number)
        .groupBy("source", "hour")
        .agg(*_sums(counted), F.max("day_number").alias("day_number"))
    )
    hours = every_bin(sums, "hour", 24, "source")
    return hours.select(
        "source", "hour", F.max("day_number").over(of_source).alias("days"), *counted
    )


def rate(counted: str, per: str, unit: int = 1) -> Column:
    """Counted per so many of something; null where there is none of it."""
    return F.round(F.try_divide(F.col(counted) * unit, F.col(per)), 4)


def _sums(counted: tuple[str, ...]) -> list[Column]:
    return [F.sum(name).alias(name) for name in counted]
