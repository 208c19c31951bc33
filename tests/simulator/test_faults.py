"""Faulty records: garbage is none, duplicates and late ones are reports."""

import random
from itertools import islice

import pytest

from services.reports.codec import Rejection, decoded
from services.reports.report import Report
from simulator import faults
from simulator.faults import DUPLICATE, FAULTS, GARBAGE, LATE, garbage, with_faults
from simulator.fleet import Plan, reports
from simulator.messages import Message, message

MONDAY_MS = 1_772_409_600_000


def sound_messages(count: int) -> list[Message]:
    plan = Plan(("prestacop", "peacewatch"), 50, MONDAY_MS, None)
    return [message(due_ms, report) for due_ms, report in islice(reports(plan), count)]


@pytest.mark.parametrize("fault", GARBAGE)
def test_garbage_is_no_report_and_keeps_its_drones_key(fault: str) -> None:
    rng = random.Random(1)
    for sound in sound_messages(200):
        bad = garbage(sound, fault, rng)
        assert isinstance(decoded(bad.value), Rejection)
        assert (bad.report_id, bad.alerts, bad.fault) == (None, (), fault)
        assert bad.key == sound.key


def test_every_kind_of_fault_occurs_in_about_the_share_asked_for() -> None:
    sent = list(with_faults(iter(sound_messages(20_000)), 0.1, random.Random(1)))
    faulty = [bad.fault for bad in sent if bad.fault]
    assert set(faulty) == set(FAULTS)
    assert len(faulty) / 20_000 == pytest.approx(0.1, abs=0.01)


def test_no_report_gets_lost_but_those_that_became_garbage() -> None:
    sound = sound_messages(5_000)
    sent = list(with_faults(iter(sound), 0.2, random.Random(1)))
    spoilt = sum(bad.fault in GARBAGE for bad in sent)
    assert len({m.report_id for m in sent if m.report_id}) == 5_000 - spoilt


def test_a_duplicate_is_the_same_bytes_under_the_same_id() -> None:
    sent = list(with_faults(iter(sound_messages(5_000)), 0.1, random.Random(1)))
    first = {m.report_id: m for m in sent if m.report_id and m.fault != DUPLICATE}
    copies = [m for m in sent if m.fault == DUPLICATE]
    assert copies
    assert all(
        (m.value, m.key, m.alerts)
        == (first[m.report_id].value, first[m.report_id].key, first[m.report_id].alerts)
        for m in copies
    )


def test_a_late_report_goes_out_at_least_five_minutes_after_its_time() -> None:
    late = [
        m
        for m in with_faults(iter(sound_messages(5_000)), 0.1, random.Random(1))
        if m.fault == LATE
    ]
    assert late
    for m in late:
        report = decoded(m.value)
        assert isinstance(report, Report)
        assert m.due_ms - report.time.timestamp() * 1000 >= 5 * 60_000


def test_what_is_held_back_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faults, "HELD_MAX", 10)
    sent = list(with_faults(iter(sound_messages(2_000)), 1.0, random.Random(1)))
    held_at_the_end = next(n for n, m in enumerate(reversed(sent)) if m.fault in GARBAGE)
    assert held_at_the_end <= 10


def test_without_a_share_nothing_is_faulty() -> None:
    sound = sound_messages(100)
    assert list(with_faults(iter(sound), 0.0, random.Random(1))) == sound
