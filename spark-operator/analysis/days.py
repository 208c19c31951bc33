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
    """source, kind_of_day, and what `_columns` says of an hourly tally."""
    kind_of_day = F.when(F.weekday("day") >= 5, "weekend").otherwise("weekday")
    return _by(tally, kind_of_day, "kind_of_day", counted)


def by_month(tally: DataFrame, *counted: str) -> DataFrame:
    """source, month (1 to 12, of any year), and what `_columns` says of an hourly tally."""
    return _by(tally, F.month("day"), "month", counted)


def by_hour(tally: DataFrame, *counted: str) -> DataFrame:
    """source, hour (all 24), and what `_columns` says of an hourly tally."""
    of_source = Window.partitionBy("source")
    # The last day's number is the number of days, and costs no second look at the reports.
    day_number = F.dense_rank().over(of_source.orderBy(F.asc_nulls_last("watched_day")))
    sums = (
        tally.withColumn("day_number", F.when(_is_watched(), day_number))
        .groupBy("source", "hour")
        .agg(*_sums(counted), F.max("day_number").alias("day_number"))
    )
    hours = every_bin(sums, "hour", 24, "source")
    days = F.max("day_number").over(of_source)
    return hours.withColumn("days", days).select("source", "hour", *_columns(counted))


def rate(counted: str, per: str, unit: int = 1) -> Column:
    """Counted per so many of something; null where there is none of it."""
    return F.round(F.try_divide(F.col(counted) * unit, F.col(per)), 4)


def _by(tally: DataFrame, group: Column, name: str, counted: tuple[str, ...]) -> DataFrame:
    days = F.countDistinct("watched_day").alias("days")
    sums = tally.groupBy("source", group.alias(name)).agg(days, *_sums(counted))
    return sums.select("source", name, *_columns(counted))


def _columns(counted: tuple[str, ...]) -> list[Column]:
    """days (watched ones); each counted column's sum; and <column>_per_day, on watched days."""
    per_day = [rate(f"{name}_watched", "days").alias(f"{name}_per_day") for name in counted]
    return [F.col("days"), *map(F.col, counted), *per_day]


def _sums(counted: tuple[str, ...]) -> list[Column]:
    watched = [F.sum(F.when(_is_watched(), F.col(name)).otherwise(0)) for name in counted]
    return [
        *(F.sum(name).alias(name) for name in counted),
        *(column.alias(f"{name}_watched") for name, column in zip(counted, watched, strict=True)),
    ]


def _is_watched() -> Column:
    return F.col("watched_day").isNotNull()
