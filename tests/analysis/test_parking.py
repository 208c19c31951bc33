"""Each question on a frame of a few rows."""

from analysis.criteria import Criteria
from analysis.parking import (
    human_share_by_month,
    top_codes,
    top_places,
    violations_by_hour,
    violations_by_kind_of_day,
)
from tests.analysis.conftest import FrameOf
from tests.analysis.rows import at

UTC_TIMES = Criteria()
MONDAY, TUESDAY, SATURDAY = "2026-03-02T", "2026-03-03T", "2026-03-07T"


def violation(code: str = "21") -> dict[str, str | None]:
    return {"code": code, "image_id": None}


def place(name: str | None) -> dict[str, object]:
    return {"latitude": None, "longitude": None, "place": name}


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
        ("drone", 1, "38", 2, 0.5),
        ("drone", 2, "14", 1, 0.25),
        ("drone", 3, "21", 1, 0.25),
        ("nypd", 1, "99", 1, 1.0),
    ]


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


def test_the_share_that_needs_a_human_is_by_month(reports_of: FrameOf) -> None:
    reports = reports_of(
        {"time": at("2026-03-31T23:00"), "violation": violation("999")},
        {"time": at("2026-03-31T23:00"), "violation": violation("21")},
        {"time": at("2026-03-31T23:00")},
        {"time": at("2026-03-31T23:00")},
        {"time": at("2026-04-01T00:00"), "violation": violation("7")},
        {"time": at("2026-05-01T00:00")},
    )
    answer = human_share_by_month(reports, Criteria(human_codes=("999", "7"))).collect()
    assert [tuple(row) for row in answer] == [
        ("drone", "2026-03", 4, 2, 1, 0.5, 0.25),
        ("drone", "2026-04", 1, 1, 1, 1.0, 1.0),
        ("drone", "2026-05", 1, 0, 0, None, 0.0),
    ]
