"""Which reports call for a human."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from services.alerting.rules import Rules, alerts_in
from services.reports.codec import Rejection, decoded_alert, encoded
from services.reports.report import Citizen, Report
from tests.faults.samples import sound_report

RULES = Rules(frozenset({"999", "998"}), 0.1, frozenset({"drone"}))


def report(code: str = "21", *scores: float) -> Report:
    citizens = tuple(Citizen(f"citizen-{number}", score) for number, score in enumerate(scores))
    return replace(sound_report("r-1", code=code), citizens=citizens)


def test_a_code_that_needs_a_human_raises_one_alert() -> None:
    [alert] = alerts_in(report("999", 0.5), RULES)
    assert (alert.alert_id, alert.kind, alert.subject) == ("r-1-violation-0", "violation", "999")
    assert (alert.detail.words, alert.detail.place) == (("market", "rain"), "Rue de Rivoli")


def test_each_agitated_citizen_raises_an_alert_named_by_its_place_in_the_report() -> None:
    alerts = alerts_in(report("21", 0.05, 0.5, 0.0), RULES)
    assert [alert.alert_id for alert in alerts] == ["r-1-agitation-0", "r-1-agitation-2"]
    assert [alert.subject for alert in alerts] == ["citizen-0", "citizen-2"]


def test_a_report_may_raise_both_the_violation_first() -> None:
    kinds = [alert.kind for alert in alerts_in(report("998", 0.05), RULES)]
    assert kinds == ["violation", "agitation"]


@pytest.mark.parametrize(("score", "count"), [(0.0, 1), (0.0999, 1), (0.1, 0), (1.0, 0)])
def test_the_threshold_itself_is_calm(score: float, count: int) -> None:
    assert len(alerts_in(report("21", score), RULES)) == count


def test_history_calls_nobody_out() -> None:
    old = replace(report("999", 0.0), source="nypd")
    assert alerts_in(old, RULES) == ()
    assert len(alerts_in(old, Rules(alert_sources=frozenset({"drone", "nypd"})))) == 2


def test_a_bare_report_raises_nothing() -> None:
    bare = replace(report(), violation=None, citizens=(), location=None, telemetry=None)
    assert alerts_in(bare, RULES) == ()


@given(st.lists(st.floats(0, 1), max_size=8), st.sampled_from(["999", "21"]))
def test_the_same_report_gives_the_same_alerts_with_ids_of_their_own(
    scores: list[float], code: str
) -> None:
    alerts = alerts_in(report(code, *scores), RULES)
    assert alerts == alerts_in(report(code, *scores), RULES)
    assert len({alert.alert_id for alert in alerts}) == len(alerts)
    for alert in alerts:
        read = decoded_alert(encoded(alert))
        assert not isinstance(read, Rejection)
        assert read == alert
