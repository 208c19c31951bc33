"""Hours, days and kinds of day in the time zone asked for, so that rates compare fairly."""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F  # noqa: N812

from analysis.bins import every_bin
from analysis.criteria import Criteria

HISTORY, HISTORY_TIME_ZONE = "nypd", "America/New_York"
# In history some rows have a wrong year: a day with a smaller share of the busiest day's reports
# is such rows, and no day that was watched.
WATCHED_SHARE = 0.05


def drones_time(criteria: Criteria) -> Column:
    """A drone's report's `time` on the clocks of the time zone."""
    return F.from_utc_timestamp("time", criteria.time_zone)


def local_time(criteria: Criteria) -> Column:
    """A report's `time` on the clocks of the time zone; history's on those of New York."""
    history_time = F.from_utc_timestamp("time", HISTORY_TIME_ZONE)
    return F.when(F.col("source") == HISTORY, history_time).otherwise(drones_time(criteria))


def hourly(reports: DataFrame, criteria: Criteria, **counted: Column) -> DataFrame:
    """source, day, hour, watched_day, and the sum of each counted column; hours with reports.

    watched_day is the day if it counts as covered, else null: history's busy days, and any day of
    which there is a drone's report, also when nothing happened on it.
    """
    time = local_time(criteria)
    sums = [F.sum(column).alias(name) for name, column in counted.items()]
    tally = reports.groupBy("source", F.to_date(time).alias("day"), F.hour(time).alias("hour")).agg(
        F.count("*").alias("reports"), *sums
    )
    of_day = F.sum("reports").over(Window.partitionBy("source", "day"))
    busiest = F.max("of_day").over(Window.partitionBy("source"))
    is_watched = (F.col("source") != HISTORY) | (F.col("of_day") >= busiest * WATCHED_SHARE)
    return tally.withColumn("of_day", of_day).select(
        "source", "day", "hour", F.when(is_watched, F.col("day")).alias("watched_day"), *counted
    )


def by_kind_of_day(tally: DataFrame, *counted: str) -> DataFrame:
    """source, kind_of_day, days (watched ones), and the counted columns' sums of a tally."""
    kind_of_day = F.when(F.weekday("day") >= 5, "weekend").otherwise("weekday")
    return _by(tally, kind_of_day.alias("kind_of_day"), counted)


def by_month(tally: DataFrame, *counted: str) -> DataFrame:
    """source, month (1 to 12, of any year), days (watched ones), and the counted columns' sums."""
    return _by(tally, F.month("day").alias("month"), counted)


def by_hour(tally: DataFrame, *counted: str) -> DataFrame:
    """source, hour (all 24), days (watched ones), and the counted columns' sums."""
    of_source = Window.partitionBy("source")
    # The last day's number is the number of days, and costs no second look at the reports.
    day_number = F.dense_rank().over(of_source.orderBy(F.asc_nulls_last("watched_day")))
    is_watched = F.col("watched_day").isNotNull()
    sums = (
        tally.withColumn("day_number", F.when(is_watched, day_number))
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


def _by(tally: DataFrame, group: Column, counted: tuple[str, ...]) -> DataFrame:
    days = F.countDistinct("watched_day").alias("days")
    return tally.groupBy("source", group).agg(days, *_sums(counted))


def _sums(counted: tuple[str, ...]) -> list[Column]:
    return [F.sum(name).alias(name) for name in counted]
