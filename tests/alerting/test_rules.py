"""Which reports call for a human."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from services.alerting import rules
from services.alerting.rules import Rules, first_words
from services.reports.alert import WORDS_MAX_BYTES, Alert
from services.reports.codec import Rejection, decoded_alert, encoded
from services.reports.report import Citizen, Report
from tests.faults.samples import sound_report

RULES = Rules(frozenset({"999", "998"}), 0.1, frozenset({"drone"}))


def alerts_in(one: Report, by: Rules) -> tuple[Alert, ...]:
    return tuple(rules.alerts_in(one, by))


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


@given(st.lists(st.text(max_size=128), max_size=500))
def test_an_alert_has_the_first_words_of_its_report_up_to_2_kib_and_counts_the_others(
    words: list[str],
) -> None:
    [alert] = alerts_in(replace(report("999"), words=tuple(words)), RULES)
    kept = alert.detail.words
    assert kept == tuple(words[: len(kept)])
    assert alert.detail.words_omitted == len(words) - len(kept)
    sizes = [len(word.encode()) for word in words]
    assert sum(sizes[: len(kept)]) <= WORDS_MAX_BYTES
    assert len(kept) == len(words) or sum(sizes[: len(kept) + 1]) > WORDS_MAX_BYTES


@pytest.mark.parametrize(("max_bytes", "count"), [(0, 0), (5, 1), (6, 2), (100, 3)])
def test_a_word_counts_by_its_bytes_in_utf_8(max_bytes: int, count: int) -> None:
    assert len(first_words(("wörd", "a", "€"), max_bytes)) == count


def test_a_thousand_alerts_of_500_words_are_3_kib_each() -> None:
    large = replace(report("21", *[0.0] * 1_000), words=("w" * 128,) * 500)
    sizes = [len(encoded(alert)) for alert in alerts_in(large, RULES)]
    assert len(sizes) == 1_000
    assert max(sizes) < 3 * 1024
