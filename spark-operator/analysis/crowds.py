"""Questions about crowds: reports -> answer. An alert is a citizen whose score is too low.

They read `citizens.score`, never whole citizens: so Parquet hands over the scores alone.
"""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F  # noqa: N812

from analysis.bins import every_bin
from analysis.criteria import Criteria
from analysis.days import by_hour, by_kind_of_day, hourly, rate

CELL_DEGREES = 0.01
SCORE_BINS = 20
# A word heard in fewer reports with an alert says nothing.
MINIMAL_SUPPORT = 5
# Of fewer citizens seen in a cell no rate is given.
MINIMAL_CITIZENS = 50


def alerts_by_kind_of_day(reports: DataFrame, criteria: Criteria) -> DataFrame:
    """kind_of_day, days, citizens, alerts, alerts_per_day, alerts_per_1000_citizens."""
    tally = _hourly_alerts(reports, criteria)
    return _with_rates(by_kind_of_day(tally, "citizens", "alerts")).orderBy("kind_of_day")


def alerts_by_hour(reports: DataFrame, criteria: Criteria) -> DataFrame:
    """hour, days, citizens, alerts, alerts_per_day, alerts_per_1000_citizens."""
    tally = _hourly_alerts(reports, criteria)
    return _with_rates(by_hour(tally, "citizens", "alerts")).orderBy("hour")


def alerts_by_area(reports: DataFrame, criteria: Criteria) -> DataFrame:
    """Grid cells, most alerts first.

    latitude, longitude (degrees, the cell's south-west corner), reports (with citizens),
    citizens, alerts,
    alerts_per_1000_citizens (null of fewer than 50). A cell is 0.01 degrees wide and high.
    """
    return (
        _of_drones(reports)
        .where("location.latitude IS NOT NULL AND location.longitude IS NOT NULL")
        .where(_citizens() > 0)
        .groupBy(_cell("latitude"), _cell("longitude"))
        .agg(
            F.count("*").alias("reports"),
            F.sum(_citizens()).alias("citizens"),
            F.sum(_alerts(criteria)).alias("alerts"),
        )
        .withColumn(
            "alerts_per_1000_citizens",
            F.when(F.col("citizens") >= MINIMAL_CITIZENS, rate("alerts", "citizens", 1000)),
        )
        .orderBy(F.desc("alerts"), "latitude", "longitude")
    )


def words_with_alerts(reports: DataFrame, criteria: Criteria) -> DataFrame:
    """Words heard more in reports with an alert than in those without, by lift.

    word, with_alert, without_alert (reports), share_with_alert, share_without_alert,
    lift = P(word | alert) / P(word): above 1 where alert and word come together.
    """
    in_all = Window.partitionBy()
    with_alert, without_alert = F.col("with_alert"), F.col("without_alert")
    reports_with, reports_without = (
        F.max(F.when(F.col("word").isNull(), count)).over(in_all)
        for count in (with_alert, without_alert)
    )
    share_of_all = (with_alert + without_alert) / (reports_with + reports_without)
    return (
        _heard(reports, criteria)
        .groupBy("word")
        .agg(
            F.count_if("has_alert").alias("with_alert"),
            F.count_if(~F.col("has_alert")).alias("without_alert"),
        )
        .where(with_alert >= MINIMAL_SUPPORT)
        .withColumn("share_with_alert", F.round(with_alert / reports_with, 4))
        .withColumn("share_without_alert", F.round(F.try_divide(without_alert, reports_without), 4))
        .withColumn("lift", F.round(with_alert / reports_with / share_of_all, 3))
        .where("word IS NOT NULL AND lift > 1")
        .orderBy(F.desc("lift"), "word")
    )


def score_distribution(reports: DataFrame, _criteria: Criteria) -> DataFrame:
    """low, high (a bin of scores, 0.05 wide), citizens, share."""
    scores = reports.select(F.explode("citizens.score").alias("score")).where("score IS NOT NULL")
    # Scores are decimal fractions: without the rounding 0.15 would fall into the bin below it.
    number = F.least(F.floor(F.round(F.col("score") * SCORE_BINS, 9)), F.lit(SCORE_BINS - 1))
    counted = scores.groupBy(number.cast("int").alias("bin")).agg(F.count("*").alias("citizens"))
    share = F.col("citizens") / F.sum("citizens").over(Window.partitionBy())
    return (
        every_bin(counted, "bin", SCORE_BINS)
        .select(
            F.round(F.col("bin") / SCORE_BINS, 2).alias("low"),
            F.round((F.col("bin") + 1) / SCORE_BINS, 2).alias("high"),
            "citizens",
            F.round(share, 6).alias("share"),
        )
        .orderBy("low")
    )


def _of_drones(reports: DataFrame) -> DataFrame:
    return reports.where("source = 'drone'")


def _hourly_alerts(reports: DataFrame, criteria: Criteria) -> DataFrame:
    return hourly(_of_drones(reports), criteria, citizens=_citizens(), alerts=_alerts(criteria))


def _with_rates(tally: DataFrame) -> DataFrame:
    named = [name for name in ("kind_of_day", "hour") if name in tally.columns]
    return tally.select(
        *named,
        "days",
        "citizens",
        "alerts",
        "alerts_per_day",
        rate("alerts", "citizens", 1000).alias("alerts_per_1000_citizens"),
    )


def _citizens() -> Column:
    return F.coalesce(F.size("citizens.score"), F.lit(0))


def _alerts(criteria: Criteria) -> Column:
    low = F.filter("citizens.score", lambda score: score < criteria.agitation_below)
    return F.coalesce(F.size(low), F.lit(0))


def _cell(coordinate: str) -> Column:
    # Rounded first: 48.86 / 0.01 is 4885.999... in binary.
    number = F.floor(F.round(F.col(f"location.{coordinate}") / CELL_DEGREES, 6))
    return F.round(number * CELL_DEGREES, 2).alias(coordinate)


def _heard(reports: DataFrame, criteria: Criteria) -> DataFrame:
    """has_alert, word: a row for each different word of a report, and one without a word.

    So one pass counts both the words and the reports themselves.
    """
    words = F.array_distinct(F.transform("words", lambda word: F.lower(F.trim(word))))
    no_word = F.array(F.lit(None).cast("string"))
    return (
        _of_drones(reports)
        .where(_citizens() > 0)
        .select(
            (_alerts(criteria) > 0).alias("has_alert"),
            F.explode(F.concat(no_word, F.coalesce(F.array_compact(words), F.array()))).alias(
                "word"
            ),
        )
    )
