from datetime import date, timedelta

from analysis.criteria import Criteria
from analysis.fleet import battery_and_signal, reports_per_drone_and_day
from tests.analysis.conftest import FrameOf
from tests.analysis.rows import at, telemetry

START = at("2026-03-02T23:50:00")


def minute(number: float, drone: str = "d1", **fields: object) -> dict[str, object]:
    return {"time": START + timedelta(minutes=number), "drone_id": drone, **fields}


def test_a_gap_is_longer_than_three_usual_intervals(reports_of: FrameOf) -> None:
    """d1 reports each minute, is silent for 3 minutes (no gap), then for 5, past midnight."""
    d1 = [minute(number) for number in (0, 1, 2, 3, 6, 7, 8, 13, 14)]
    d2 = [minute(number, "d2") for number in (0, 5, 10)]
    answer = reports_per_drone_and_day(reports_of(*d1, *d2), Criteria()).collect()
    monday, tuesday = date(2026, 3, 2), date(2026, 3, 3)
    assert [tuple(row) for row in answer] == [
        ("d1", tuesday, 2, 60.0, 1, 300.0, 5.0),
        ("d1", monday, 7, 60.0, 0, None, 0.0),
        ("d2", monday, 2, 300.0, 0, None, 0.0),
        ("d2", tuesday, 1, 300.0, 0, None, 0.0),
    ]


def test_a_drone_that_reported_once_has_no_gap(reports_of: FrameOf) -> None:
    answer = reports_per_drone_and_day(reports_of(minute(0)), Criteria()).collect()
    assert [tuple(row)[2:] for row in answer] == [(1, None, 0, None, 0.0)]


def test_history_has_no_drones(reports_of: FrameOf) -> None:
    reports = reports_of({"source": "nypd", "telemetry": telemetry(0.5, -60.0)})
    assert reports_per_drone_and_day(reports, Criteria()).collect() == []
    assert battery_and_signal(reports, Criteria()).collect() == []


def test_a_signal_is_lost_after_the_report_before_a_gap(reports_of: FrameOf) -> None:
    full, empty = telemetry(1.0, -60.0), telemetry(0.04, -95.0)
    reports = reports_of(
        *(minute(number, telemetry=full) for number in (0, 1, 2)),
        minute(3, telemetry=empty),
        minute(20, telemetry=full),
        minute(21),
    )
    assert [tuple(row) for row in battery_and_signal(reports, Criteria()).collect()] == [
        (0, 1, -95.0, 1, 1, 1.0, 1000.0),
        (90, 4, -60.0, 0, 0, 0.0, 0.0),
    ]
