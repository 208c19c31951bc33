"""Each question on a frame of a few rows."""

import csv
from pathlib import Path

import pytest

from analysis.codes import MEANINGS
from analysis.criteria import Criteria
from analysis.parking import (
    human_share_by_month,
    top_boroughs,
    top_codes,
    top_places,
    violations_by_hour,
    violations_by_kind_of_day,
    violations_by_month,
)
from tests.analysis.conftest import FrameOf
from tests.analysis.rows import at

OFFICIAL_CODES = Path(__file__).parents[2] / "../shared/data/nyc-parking/codes.csv"
UTC_TIMES = Criteria()
MONDAY, TUESDAY, SATURDAY = "2026-03-02T", "2026-03-03T", "2026-03-07T"


def place(name: str | None) -> dict[str, object]:
    return {"latitude": None, "longitude": None, "place": name}


def violation(code: str = "21") -> dict[str, str | None]:
    return {"code": code, "image_id": None}


HISTORY = {"source": "nypd", "violation": violation()}


def test_violations_are_per_day_and_a_day_with_none_of_them_counts(reports_of: FrameOf) -> None:
    reports = reports_of(
        {"time": at(MONDAY + "09:00"), "violation": violation()},
        {"time": at(MONDAY + "10:00"), "violation": violation()},
        {"time": at(MONDAY + "11:00"), "violation": violation()},
        {"time": at(TUESDAY + "09:00")},
        {"time": at(SATURDAY + "09:00"), "violation": violation()},
    )
    answer = violations_by_kind_of_day(reports, UTC_TIMES).collect()
    assert [tuple(row) for row in answer] == [
        ("drone", "weekday", 2, 3, 1.5),
        ("drone", "weekend", 1, 1, 1.0),
    ]


def test_history_does_not_thin_out_the_drones_days(reports_of: FrameOf) -> None:
    reports = reports_of(
        {"time": at(MONDAY + "09:00"), "violation": violation()},
        *({"time": at(f"2013-07-{day:02}T09:00"), "source": "nypd"} for day in range(1, 6)),
    )
    answer = violations_by_kind_of_day(reports, UTC_TIMES).collect()
    assert [(row.source, row.days, row.violations_per_day) for row in answer] == [
        ("drone", 1, 1.0),
        ("nypd", 5, 0.0),
    ]


def test_the_time_zone_decides_on_which_day_it_was(reports_of: FrameOf) -> None:
    reports = reports_of({"time": at(SATURDAY + "02:00"), "violation": violation()})
    answer = violations_by_kind_of_day(reports, Criteria(time_zone="America/New_York")).collect()
    assert [row.kind_of_day for row in answer] == ["weekday"]


def test_historys_hours_and_days_are_new_yorks_whatever_the_time_zone(reports_of: FrameOf) -> None:
    # Saturday 02:00 in London is Friday evening in New York, an hour nearer in summer.
    times = [at(day + "02:00") for day in ("2014-01-04T", "2014-07-05T")]
    reports = reports_of(*({**HISTORY, "time": time} for time in times))
    in_london = Criteria(time_zone="Europe/London")
    [days] = violations_by_kind_of_day(reports, in_london).collect()
    hours = violations_by_hour(reports, in_london).where("violations > 0").collect()
    assert (days.kind_of_day, days.days) == ("weekday", 2)
    assert [(row.hour, row.violations) for row in hours] == [(21, 1), (22, 1)]


def test_historys_misdated_rows_are_counted_but_are_no_days_work(reports_of: FrameOf) -> None:
    busy = [at(f"2014-02-{day:02}T15:00") for day in (3, 4) for _ in range(30)]
    misdated = [at("2004-02-03T15:00"), at("2001-06-04T14:00")]
    reports = reports_of(*({**HISTORY, "time": time} for time in busy + misdated))
    [of_week] = violations_by_kind_of_day(reports, UTC_TIMES).collect()
    assert (of_week.days, of_week.violations, of_week.violations_per_day) == (2, 62, 30.0)
    [of_day] = violations_by_hour(reports, UTC_TIMES).where("violations > 0").collect()
    assert (of_day.days, of_day.violations, of_day.violations_per_day) == (2, 62, 30.0)
    months = violations_by_month(reports, UTC_TIMES).collect()
    assert [tuple(row)[1:] for row in months] == [(2, 2, 61, 30.0), (6, 0, 1, None)]


def test_drones_and_history_stand_side_by_side_by_month_of_any_year(reports_of: FrameOf) -> None:
    reports = reports_of(
        {"time": at("2026-03-02T12:00"), "violation": violation()},
        {"time": at("2026-03-03T12:00")},
        {"time": at("2026-04-01T12:00"), "violation": violation()},
        {**HISTORY, "time": at("2013-03-04T12:00")},
        {**HISTORY, "time": at("2014-03-04T12:00")},
        {**HISTORY, "time": at("2014-04-01T03:00")},
    )
    assert [tuple(row) for row in violations_by_month(reports, UTC_TIMES).collect()] == [
        ("drone", 3, 2, 1, 0.5),
        ("drone", 4, 1, 1, 1.0),
        ("nypd", 3, 3, 3, 1.0),
    ]


def test_all_24_hours_are_there_and_averaged_over_all_days(reports_of: FrameOf) -> None:
    reports = reports_of(
        {"time": at(MONDAY + "09:00"), "violation": violation()},
        {"time": at(MONDAY + "09:30"), "violation": violation()},
        {"time": at(TUESDAY + "17:00"), "violation": violation()},
        {"time": at(SATURDAY + "23:59")},
    )
    answer = violations_by_hour(reports, UTC_TIMES).collect()
    assert [row.hour for row in answer] == list(range(24))
    assert {row.days for row in answer} == {3}
    busy = {row.hour: (row.violations, row.violations_per_day) for row in answer if row.violations}
    assert busy == {9: (2, 0.6667), 17: (1, 0.3333)}


def test_top_codes_are_ranked_within_their_source(reports_of: FrameOf) -> None:
    codes = ["21", "38", "38", "14"]
    reports = reports_of(
        *({"violation": violation(code)} for code in codes),
        {"source": "nypd", "violation": violation("99")},
        {},
    )
    assert [tuple(row) for row in top_codes(reports, UTC_TIMES).collect()] == [
        ("drone", 1, "38", "city meter: no receipt shown", 2, 0.5),
        ("drone", 2, "14", "no standing", 1, 0.25),
        ("drone", 3, "21", "no parking: street cleaning", 1, 0.25),
        ("nypd", 1, "99", "other", 1, 1.0),
    ]


@pytest.mark.parametrize(
    ("code", "meaning"),
    [("1", "bus permit not shown"), ("999", "needs a human"), ("94", "unknown"), ("", "unknown")],
)
def test_a_code_is_told_with_its_meaning(reports_of: FrameOf, code: str, meaning: str) -> None:
    [row] = top_codes(reports_of({"violation": violation(code)}), UTC_TIMES).collect()
    assert (row.code, row.meaning) == (code, meaning)


@pytest.mark.skipif(not OFFICIAL_CODES.exists(), reason="the city's list of codes is not here")
def test_every_official_code_has_a_meaning_short_enough_for_its_chart() -> None:
    with OFFICIAL_CODES.open(newline="") as file:
        assert list(MEANINGS) == [row["code"] for row in csv.DictReader(file)]
    assert max(len(f"{code} {meaning}") for code, meaning in MEANINGS.items()) <= 32


def test_no_more_than_twenty_codes_are_named(reports_of: FrameOf) -> None:
    reports = reports_of(*({"violation": violation(f"{code:02}")} for code in range(25)))
    assert [row.rank for row in top_codes(reports, UTC_TIMES).collect()] == list(range(1, 21))


def test_top_places_count_violations_at_known_places_only(reports_of: FrameOf) -> None:
    reports = reports_of(
        {"violation": violation(), "location": place("Main Street")},
        {"violation": violation(), "location": place("Main Street")},
        {"violation": violation(), "location": place("Park Row")},
        {"violation": violation(), "location": place(None)},
        {"violation": violation()},
        {"location": place("Park Row")},
    )
    assert [tuple(row) for row in top_places(reports, UTC_TIMES).collect()] == [
        ("drone", 1, "Main Street", 2, 0.6667),
        ("drone", 2, "Park Row", 1, 0.3333),
    ]


@pytest.mark.parametrize(
    ("source", "name", "borough"),
    [
        ("nypd", "712 W 175 ST / BROADWAY, Manhattan", "Manhattan"),
        ("nypd", "760 BROADWAY, BROOKLYN, Staten Island", "Staten Island"),
        ("nypd", "Queens", "Queens"),
        ("nypd", "760 BROADWAY, BROOKLYN", "unknown"),
        ("nypd", "712 W 175 ST", "unknown"),
        ("nypd", None, "unknown"),
        ("drone", "Clock Square, Old Town", "Old Town"),
        ("drone", "Clock Square", "unknown"),
    ],
)
def test_a_borough_is_the_end_of_its_place(
    reports_of: FrameOf, source: str, name: str | None, borough: str
) -> None:
    fields = {"source": source, "violation": violation(), "location": place(name)}
    [row] = top_boroughs(reports_of(fields), UTC_TIMES).collect()
    assert (row.source, row.borough) == (source, borough)


def test_boroughs_are_ranked_beside_the_drones_districts(reports_of: FrameOf) -> None:
    places = ["A ST, Queens", "B ST, Queens", "C ST, Bronx", None]
    reports = reports_of(
        *({**HISTORY, "location": place(name)} for name in places),
        {"violation": violation(), "location": place("Tide Lane, Harbour")},
        {"location": place("Depot Road, Station")},
    )
    assert [tuple(row) for row in top_boroughs(reports, UTC_TIMES).collect()] == [
        ("drone", 1, "Harbour", 1, 1.0),
        ("nypd", 1, "Queens", 2, 0.5),
        ("nypd", 2, "Bronx", 1, 0.25),
        ("nypd", 3, "unknown", 1, 0.25),
    ]


def test_the_share_that_needs_a_human_is_by_month(reports_of: FrameOf) -> None:
    reports = reports_of(
        {"time": at("2026-03-31T23:00"), "violation": violation("999")},
        {"time": at("2026-03-31T23:00"), "violation": violation("21")},
        {"time": at("2026-03-31T23:00")},
        {"time": at("2026-03-31T23:00")},
        {"time": at("2026-04-01T00:00"), "violation": violation("7")},
        {"time": at("2026-05-01T00:00")},
        {**HISTORY, "time": at("2014-05-01T12:00")},
    )
    answer = human_share_by_month(reports, Criteria(human_codes=("999", "7"))).collect()
    assert [tuple(row) for row in answer] == [
        ("2026-03", 4, 2, 1, 0.5, 0.25),
        ("2026-04", 1, 1, 1, 1.0, 1.0),
        ("2026-05", 1, 0, 0, None, 0.0),
    ]
