"""The model: where drones are, what they report, how they age. No Kafka."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import groupby, islice, pairwise
from math import hypot
from statistics import mean

import pytest

from services.reports.codec import decoded
from services.reports.report import Report, Telemetry
from simulator.city import (
    CENTRE_LATITUDE,
    CENTRE_LONGITUDE,
    METRES_PER_LATITUDE_DEGREE,
    METRES_PER_LONGITUDE_DEGREE,
)
from simulator.fleet import Plan, reports
from simulator.messages import expected_alerts, message
from simulator.missions import Mission
from simulator.pace import Pace
from simulator.run import Run, messages
from simulator.words import ANGRY

MONDAY_MS = 1_772_409_600_000  # 2026-03-02T00:00:00Z
DAY_SECONDS = 86_400.0
MISSIONS: tuple[Mission, ...] = ("prestacop", "peacewatch")


def plan(*missions: Mission, days: float = 7, drones: int = 64, interval: float = 600) -> Plan:
    return Plan(missions, drones, MONDAY_MS, days * DAY_SECONDS, interval_seconds=interval)


def made(a_plan: Plan) -> list[Report]:
    return [report for _, report in reports(a_plan)]


@pytest.fixture(scope="module")
def parking_week() -> list[Report]:
    return made(plan("prestacop"))


@pytest.fixture(scope="module")
def crowd_week() -> list[Report]:
    return made(plan("peacewatch"))


@pytest.fixture(scope="module")
def long_flights() -> list[list[Report]]:
    """Each drone's reports of 40 days, hourly."""
    flown = sorted(made(plan("prestacop", days=40, drones=48, interval=3600)), key=drone_and_time)
    return [list(own) for _, own in groupby(flown, key=lambda report: report.drone_id)]


def drone_and_time(report: Report) -> tuple[str, datetime]:
    return report.drone_id, report.time


def alert_share(some: list[Report]) -> float:
    return mean(bool(expected_alerts(report)) for report in some)


def on_weekend(report: Report) -> bool:
    return report.time.weekday() >= 5


def test_one_parking_report_in_a_hundred_asks_for_a_human(parking_week: list[Report]) -> None:
    assert alert_share(parking_week) == pytest.approx(0.01, abs=0.0015)


def test_one_crowd_report_in_a_hundred_carries_a_bad_score(crowd_week: list[Report]) -> None:
    assert alert_share(crowd_week) == pytest.approx(0.01, abs=0.0015)


def test_crowds_are_more_agitated_at_weekends_and_in_the_evening(crowd_week: list[Report]) -> None:
    weekend = [report for report in crowd_week if on_weekend(report)]
    weekdays = [report for report in crowd_week if not on_weekend(report)]
    evening = [report for report in crowd_week if report.time.hour >= 18]
    morning = [report for report in crowd_week if 7 <= report.time.hour < 12]
    assert alert_share(weekend) > 1.2 * alert_share(weekdays)
    assert alert_share(evening) > 1.2 * alert_share(morning)


def test_parking_offences_gather_on_weekday_mornings(parking_week: list[Report]) -> None:
    rush = [r for r in parking_week if not on_weekend(r) and 7 <= r.time.hour < 11]
    others = [r for r in parking_week if on_weekend(r) or not 7 <= r.time.hour < 11]
    assert mean(bool(r.violation) for r in rush) > 1.5 * mean(bool(r.violation) for r in others)


def test_districts_differ_in_their_alerts(crowd_week: list[Report]) -> None:
    by_district = [
        alert_share([r for r in crowd_week if int(r.drone_id[-6:]) % 8 == district])
        for district in range(8)
    ]
    assert max(by_district) > 3 * min(by_district)


def test_angry_words_are_heard_more_where_a_score_is_bad(crowd_week: list[Report]) -> None:
    def angry_share(some: list[Report]) -> float:
        return mean(word in ANGRY for report in some for word in report.words)

    with_alert = [report for report in crowd_week if expected_alerts(report)]
    without = [report for report in crowd_week if not expected_alerts(report)]
    assert angry_share(with_alert) > 5 * angry_share(without)


@pytest.mark.parametrize("mission", MISSIONS)
def test_every_report_survives_encoding(mission: Mission) -> None:
    for due_ms, report in islice(reports(plan(mission, drones=8)), 2000):
        assert decoded(message(due_ms, report).value) == report


def test_crowd_reports_have_the_size_the_platform_is_planned_for(crowd_week: list[Report]) -> None:
    assert 550 <= mean(len(message(0, report).value or b"") for report in crowd_week[:5000]) <= 700


def test_report_ids_are_never_used_twice_within_or_between_missions() -> None:
    ids = [report.report_id for report in made(plan(*MISSIONS, days=1))]
    assert len(ids) == len(set(ids))


def test_reports_come_in_the_order_of_their_time() -> None:
    times = [report.time for report in made(plan(*MISSIONS, days=0.2))]
    assert times == sorted(times)


def test_drones_stay_over_the_city_at_a_speed_they_can_fly() -> None:
    some = sorted(made(plan("prestacop", days=1, drones=16, interval=60)), key=drone_and_time)
    assert max(distance_from_centre_metres(report) for report in some) < 7_000
    assert max(speeds(some)) < 8.0
    assert mean(speeds(some)) > 1.0


def distance_from_centre_metres(report: Report) -> float:
    north, east = position_metres(report)
    return hypot(north, east)


def position_metres(report: Report) -> tuple[float, float]:
    location = report.location
    assert location is not None
    assert location.latitude is not None
    assert location.longitude is not None
    return (
        (location.latitude - CENTRE_LATITUDE) * METRES_PER_LATITUDE_DEGREE,
        (location.longitude - CENTRE_LONGITUDE) * METRES_PER_LONGITUDE_DEGREE,
    )


def speeds(ordered: list[Report]) -> list[float]:
    """Metres per second between reports of one drone."""
    return [
        hypot(
            *(b - a for a, b in zip(position_metres(one), position_metres(next_one), strict=True))
        )
        / (next_one.time - one.time).total_seconds()
        for one, next_one in pairwise(ordered)
        if one.drone_id == next_one.drone_id
    ]


def test_failures_are_gaps_and_announce_themselves_for_days(
    long_flights: list[list[Report]],
) -> None:
    last_words = list(before_failures(long_flights))
    assert len(last_words) >= 10
    for sound, ill in last_words:
        assert mean(t.vibration_g for t in ill) > 2 * mean(t.vibration_g for t in sound)
        heat = mean(t.motor_temperature_celsius for t in ill)
        assert heat > 10 + mean(t.motor_temperature_celsius for t in sound)


def before_failures(
    flights: list[list[Report]],
) -> Iterator[tuple[list[Telemetry], list[Telemetry]]]:
    """Telemetry from 9 to 7 days before each drone's first gap of five hours, and just before."""
    for own in flights:
        gaps = [a.time for a, b in pairwise(own) if b.time - a.time > timedelta(hours=5)]
        ages = [(gaps[0] - r.time, r.telemetry) for r in own if gaps and r.telemetry]
        sound = [t for age, t in ages if timedelta(days=7) < age < timedelta(days=9)]
        ill = [t for age, t in ages if timedelta(0) <= age < timedelta(days=1)]
        if sound and ill:
            yield sound, ill


def test_a_low_battery_weakens_the_signal_and_loses_reports(crowd_week: list[Report]) -> None:
    states = [report.telemetry for report in crowd_week if report.telemetry]
    low = [t.signal_dbm for t in states if t.battery < 0.2]
    full = [t.signal_dbm for t in states if t.battery > 0.5]
    assert mean(low) < mean(full) - 4
    # A battery falls evenly, so as many reports lie in each band, but for those that are lost.
    lowest = sum(0.1 <= t.battery < 0.15 for t in states)
    sound = sum(0.5 <= t.battery < 0.55 for t in states)
    assert lowest < 0.95 * sound


def test_the_same_seed_and_options_give_the_same_records_in_any_process() -> None:
    assert records_digest(seed=7, hash_seed="1") == records_digest(seed=7, hash_seed="2")


def test_another_seed_gives_other_records() -> None:
    assert sequence_digest(seed=7) != sequence_digest(seed=8)


def sequence_digest(seed: int) -> str:
    """SHA-256 over the first 3000 records of both missions, with faults."""
    a_plan = Plan(MISSIONS, 20, MONDAY_MS, None, seed=seed)
    digest = hashlib.sha256()
    for sent in islice(messages(Run(a_plan, Pace(), fault_share=0.1)), 3000):
        digest.update(repr(sent).encode())
    return digest.hexdigest()


def records_digest(seed: int, hash_seed: str) -> str:
    code = f"from tests.simulator.test_fleet import *; print(sequence_digest({seed}))"
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": "."}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    return done.stdout
