"""Questions about the drones themselves: reports -> answer. History has no drones in the air."""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F  # noqa: N812

from analysis.criteria import Criteria
from analysis.days import drones_time, rate

# A silence this many times the drone's usual interval is a gap.
GAP_INTERVALS = 3
BATTERY_BINS = 10
WEAK_SIGNAL_DBM = -90


def reports_per_drone_and_day(reports: DataFrame, criteria: Criteria) -> DataFrame:
    """Reports and gaps of each drone and day, most silent ones first.

    drone_id, day, reports, usual_interval_seconds (the drone's median), gaps (intervals above
    3 usual ones), longest_gap_seconds, silent_minutes (all gaps). A gap belongs to the day on
    which it ends.
    """
    return (
        _with_silence(reports)
        .groupBy("drone_id", F.to_date(drones_time(criteria)).alias("day"))
        .agg(
            F.count("*").alias("reports"),
            F.max("usual_interval_seconds").alias("usual_interval_seconds"),
            F.count("gap_seconds").alias("gaps"),
            F.max("gap_seconds").alias("longest_gap_seconds"),
            F.round(F.coalesce(F.sum("gap_seconds"), F.lit(0.0)) / 60, 1).alias("silent_minutes"),
        )
        .orderBy(F.desc("silent_minutes"), "drone_id", "day")
    )


def battery_and_signal(reports: DataFrame, _criteria: Criteria) -> DataFrame:
    """What the signal does as the battery empties.

    battery_percent (the bin's low end), reports, mean_signal_dbm, weak_signals (below -90 dBm),
    weak_signal_share, signal_losses (reports after which a gap follows),
    losses_per_1000_reports.
    """
    number = F.least(F.floor(F.col("battery") * BATTERY_BINS), F.lit(BATTERY_BINS - 1))
    return (
        _with_silence(reports)
        .where("battery IS NOT NULL")
        .groupBy((number * (100 // BATTERY_BINS)).cast("int").alias("battery_percent"))
        .agg(
            F.count("*").alias("reports"),
            F.round(F.avg("signal_dbm"), 1).alias("mean_signal_dbm"),
            F.count_if(F.col("signal_dbm") < WEAK_SIGNAL_DBM).alias("weak_signals"),
            F.count_if("is_followed_by_gap").alias("signal_losses"),
        )
        .withColumn("weak_signal_share", rate("weak_signals", "reports"))
        .withColumn("losses_per_1000_reports", rate("signal_losses", "reports", 1000))
        .orderBy("battery_percent")
    )


def _with_silence(reports: DataFrame) -> DataFrame:
    """Drones' reports, each with the gap before it (null if none) and whether one follows."""
    of_drone = Window.partitionBy("drone_id")
    in_time = of_drone.orderBy("time")
    usual = F.percentile_approx("interval_seconds", 0.5).over(of_drone)
    following = F.lead("interval_seconds").over(in_time)
    return (
        reports.where("source = 'drone'")
        .select(
            "drone_id",
            "time",
            F.col("telemetry.battery").alias("battery"),
            F.col("telemetry.signal_dbm").alias("signal_dbm"),
            _seconds_since(F.lag("time").over(in_time)).alias("interval_seconds"),
        )
        .withColumn("usual_interval_seconds", usual)
        .withColumn(
            "gap_seconds", F.when(_is_gap(F.col("interval_seconds")), F.col("interval_seconds"))
        )
        .withColumn("is_followed_by_gap", F.coalesce(_is_gap(following), F.lit(False)))
    )


def _seconds_since(earlier: Column) -> Column:
    return F.round((F.unix_millis("time") - F.unix_millis(earlier)) / 1000, 3)


def _is_gap(interval: Column) -> Column:
    return interval > F.col("usual_interval_seconds") * GAP_INTERVALS
