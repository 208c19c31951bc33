"""The questions: each a name, a title, a function reports -> answer, and a drawing of it.

To ask another one, write its function beside its kin and add an entry here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pyspark.sql import DataFrame

from analysis import crowds, fleet, parking
from analysis.charts import Draw
from analysis.criteria import Criteria
from analysis.drawings import Measure, bars, histogram, lines, ranking
from analysis.heat_map import heat_map
from analysis.queries import query_name, sql_answer
from analysis.tables import drawn_table

Answer = Callable[[DataFrame, Criteria], DataFrame]


@dataclass(frozen=True, slots=True)
class Question:
    """Asked of the archive's reports; `name` is its folder under results/."""

    name: str
    title: str
    answer: Answer
    draw: Draw


def built_in(criteria: Criteria) -> tuple[Question, ...]:
    """All questions that are always there."""
    hour = Measure("hour", f"hour of the day ({criteria.time_zone})")
    parking_hour = Measure("hour", f"hour of the day ({criteria.time_zone}; history: New York)")
    per_day = Measure("violations_per_day", "violations per day")
    violations = Measure("violations", "violations")
    rate = Measure("alerts_per_1000_citizens", "alerts per 1,000 citizens seen")
    return (
        Question(
            "parking-weekdays",
            "Parking violations on weekdays and at weekends",
            parking.violations_by_kind_of_day,
            partial(bars, x=Measure("kind_of_day", ""), y=per_day, series="source"),
        ),
        Question(
            "parking-hours",
            "Parking violations by hour",
            parking.violations_by_hour,
            partial(bars, x=parking_hour, y=per_day, series="source"),
        ),
        Question(
            "parking-months",
            "Parking violations by month of the year",
            parking.violations_by_month,
            partial(bars, x=Measure("month", "month"), y=per_day, series="source"),
        ),
        Question(
            "parking-codes",
            "The most frequent violation codes",
            parking.top_codes,
            partial(ranking, name="{code} {meaning}", value=violations, series="source"),
        ),
        Question(
            "parking-places",
            "The places with most parking violations",
            parking.top_places,
            partial(ranking, name="{place}", value=violations, series="source"),
        ),
        Question(
            "parking-boroughs",
            "Parking violations by borough or district",
            parking.top_boroughs,
            partial(ranking, name="{borough}", value=violations, series="source"),
        ),
        Question(
            "parking-human-share",
            "Share of violations that need a human, by month",
            parking.human_share_by_month,
            partial(
                bars,
                x=Measure("month", "month"),
                y=Measure("share_of_violations", "share of violations", is_share=True),
            ),
        ),
        Question(
            "crowd-weekdays",
            "Crowd alerts on weekdays and at weekends",
            crowds.alerts_by_kind_of_day,
            partial(
                bars, x=Measure("kind_of_day", ""), y=Measure("alerts_per_day", "alerts per day")
            ),
        ),
        Question(
            "crowd-hours",
            "Crowd alerts by hour",
            crowds.alerts_by_hour,
            partial(bars, x=hour, y=rate),
        ),
        Question(
            "crowd-areas",
            "Crowd alerts by area",
            crowds.alerts_by_area,
            partial(heat_map, value=rate, cell_degrees=crowds.CELL_DEGREES),
        ),
        Question(
            "crowd-words",
            "Words heard more with alerts than without",
            crowds.words_with_alerts,
            partial(
                ranking,
                name="{word}",
                value=Measure("lift", "lift: times as likely in a report with an alert as in any"),
            ),
        ),
        Question(
            "crowd-scores",
            "Distribution of the citizens' scores",
            crowds.score_distribution,
            partial(
                histogram,
                value=Measure("low", "score (0 agitated, 1 calm)"),
                count=Measure("citizens", "citizens (logarithmic)"),
                mark=criteria.agitation_below,
            ),
        ),
        Question(
            "fleet-gaps",
            "The drones and days with the longest silence",
            fleet.reports_per_drone_and_day,
            partial(
                ranking,
                name="{drone_id}, {day}",
                value=Measure("silent_minutes", "minutes of silence in gaps"),
            ),
        ),
        Question(
            "fleet-battery",
            "Battery against signal loss",
            fleet.battery_and_signal,
            partial(
                lines,
                x=Measure("battery_percent", "battery (%, from)"),
                measures=(
                    Measure("losses_per_1000_reports", "signal losses per 1,000 reports"),
                    Measure("mean_signal_dbm", "mean signal (dBm)"),
                ),
            ),
        ),
    )


def sql_question(sql_file: Path) -> Question:
    """The question that a file with a Spark SQL query asks. OSError if it cannot be read."""
    query = sql_file.read_text(encoding="utf-8")

    def answer(reports: DataFrame, _criteria: Criteria) -> DataFrame:
        return sql_answer(reports.sparkSession, query)

    return Question(query_name(sql_file), _title(query) or sql_file.name, answer, drawn_table)


def _title(query: str) -> str:
    """What a comment in the first line says."""
    first = query.strip().partition("\n")[0]
    return first.removeprefix("--").strip() if first.startswith("--") else ""
