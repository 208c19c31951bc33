from analysis.criteria import Criteria
from analysis.crowds import (
    alerts_by_area,
    alerts_by_hour,
    alerts_by_kind_of_day,
    score_distribution,
    words_with_alerts,
)
from tests.analysis.conftest import FrameOf
from tests.analysis.rows import at, people

USUAL = Criteria()


def place(latitude: float, longitude: float) -> dict[str, object]:
    return {"latitude": latitude, "longitude": longitude, "place": None}


def test_alerts_are_citizens_below_the_threshold_not_reports(reports_of: FrameOf) -> None:
    reports = reports_of(
        {"time": at("2026-03-02T12:00"), "citizens": people(0.05, 0.09, 0.1, 0.9)},
        {"time": at("2026-03-03T12:00"), "citizens": []},
        {"time": at("2026-03-07T12:00"), "citizens": people(0.0)},
    )
    assert [tuple(row) for row in alerts_by_kind_of_day(reports, USUAL).collect()] == [
        ("weekday", 2, 4, 2, 1.0, 500.0),
        ("weekend", 1, 1, 1, 1.0, 1000.0),
    ]


def test_the_threshold_is_a_criterion(reports_of: FrameOf) -> None:
    reports = reports_of({"citizens": people(0.05, 0.2, 0.4)})
    answer = alerts_by_kind_of_day(reports, Criteria(agitation_below=0.3)).first()
    assert answer is not None
    assert answer.alerts == 2


def test_history_is_no_crowd(reports_of: FrameOf) -> None:
    reports = reports_of({"source": "nypd", "citizens": people(0.0)})
    assert alerts_by_kind_of_day(reports, USUAL).collect() == []
    assert alerts_by_hour(reports, USUAL).collect() == []


def test_alerts_by_hour_follow_the_time_zone(reports_of: FrameOf) -> None:
    reports = reports_of({"time": at("2026-03-02T01:00"), "citizens": people(0.0, 0.5)})
    answer = alerts_by_hour(reports, Criteria(time_zone="America/New_York")).collect()
    assert len(answer) == 24
    assert [tuple(row) for row in answer if row.alerts] == [(20, 1, 2, 1, 1.0, 500.0)]
    assert answer[0].alerts_per_1000_citizens is None


def test_areas_are_cells_of_a_hundredth_of_a_degree(reports_of: FrameOf) -> None:
    calm = people(*[0.9] * 49)
    reports = reports_of(
        {"location": place(40.86, -73.96), "citizens": people(0.05)},
        {"location": place(40.8699, -73.9501), "citizens": calm},
        {"location": place(40.8599, -73.95), "citizens": people(0.9)},
        {"location": place(40.1, -73.9), "citizens": []},
        {"citizens": people(0.0)},
    )
    assert [tuple(row) for row in alerts_by_area(reports, USUAL).collect()] == [
        (40.86, -73.96, 2, 50, 1, 20.0),
        (40.85, -73.95, 1, 1, 0, None),
    ]


def test_lift_names_the_words_that_come_with_alerts(reports_of: FrameOf) -> None:
    agitated = {"citizens": people(0.01, 0.9), "words": ["Protest", "rain", "protest "]}
    calm = {"citizens": people(0.9), "words": ["rain"]}
    calm_protest = {"citizens": people(0.9), "words": ["protest", None]}
    nobody = {"words": ["protest"]}
    reports = reports_of(*[agitated] * 5, *[calm] * 13, *[calm_protest] * 2, *[nobody] * 9)
    assert [tuple(row) for row in words_with_alerts(reports, USUAL).collect()] == [
        # 5 of 5 reports with an alert, 7 of all 20.
        ("protest", 5, 2, 1.0, 0.1333, 2.857),
        ("rain", 5, 13, 1.0, 0.8667, 1.111),
    ]


def test_a_word_heard_too_rarely_with_alerts_is_left_out(reports_of: FrameOf) -> None:
    agitated = {"citizens": people(0.01), "words": ["protest"]}
    reports = reports_of(*[agitated] * 4, *[{"citizens": people(0.9)}] * 10)
    assert words_with_alerts(reports, USUAL).collect() == []


def test_a_score_on_an_edge_falls_into_the_bin_above(reports_of: FrameOf) -> None:
    reports = reports_of({"citizens": people(0.0, 0.15, 0.1499, 1.0, 0.95)}, {"citizens": None})
    answer = score_distribution(reports, USUAL).collect()
    assert len(answer) == 20
    filled = {(row.low, row.high): (row.citizens, row.share) for row in answer if row.citizens}
    assert filled == {
        (0.0, 0.05): (1, 0.2),
        (0.1, 0.15): (1, 0.2),
        (0.15, 0.2): (1, 0.2),
        (0.95, 1.0): (2, 0.4),
    }
