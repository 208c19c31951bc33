"""What in a report asks for a human, and what does not: the case is data."""

import math
from datetime import UTC, datetime

import pytest
from hypothesis import given

from services.alerting.rules import Rules, alerts_in
from services.reports.alert import Alert, Detail
from services.reports.codec import Rejection, decoded, encoded
from services.reports.report import Citizen, Location, Report, Telemetry, Violation
from tests.reports.strategies import examples, reports

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HERE = Location(48.8566, 2.3522, "Rue de Rivoli")
TELEMETRY = Telemetry(0.83, 41.2, 0.31, 1234.5, -67.0)


def report(
    code: str | None = None, scores: tuple[float, ...] = (), source: str = "drone"
) -> Report:
    """With such a violation, and citizens c0, c1... of these scores."""
    return Report(
        report_id="r",
        drone_id="drone-1",
        time=NOON,
        source=source,  # type: ignore[arg-type]
        location=HERE,
        violation=Violation(code, "img-1") if code is not None else None,
        citizens=tuple(Citizen(f"c{n}", score) for n, score in enumerate(scores)),
        words=("market", "rain"),
        telemetry=TELEMETRY,
    )


JUST_BELOW = math.nextafter(0.1, 0)
JUST_ABOVE = math.nextafter(0.1, 1)
BY_CODES = Rules(human_codes=frozenset({"21", "46"}))
BY_NYPD = Rules(alert_sources=frozenset({"nypd"}))
CASES: dict[str, tuple[Report, Rules, list[str]]] = {
    "nothing": (report(), Rules(), []),
    "a code that needs a human": (report("999"), Rules(), ["r-violation-0"]),
    "another code": (report("21"), Rules(), []),
    "a code with more to it": (report("9990"), Rules(), []),
    "a code with a space": (report("999 "), Rules(), []),
    "no code": (report(""), Rules(), []),
    "a code of the setting": (report("46"), BY_CODES, ["r-violation-0"]),
    "a code no longer in the setting": (report("999"), BY_CODES, []),
    "no codes": (report("999"), Rules(human_codes=frozenset()), []),
    "a score at the threshold": (report(scores=(0.1,)), Rules(), []),
    "a score just below": (report(scores=(JUST_BELOW,)), Rules(), ["r-agitation-0"]),
    "a score just above": (report(scores=(JUST_ABOVE,)), Rules(), []),
    "the lowest score": (report(scores=(0.0,)), Rules(), ["r-agitation-0"]),
    "the lowest score, negative zero": (report(scores=(-0.0,)), Rules(), ["r-agitation-0"]),
    "the highest score": (report(scores=(1.0,)), Rules(), []),
    "several citizens": (
        report(scores=(0.05, 0.5, 0.0, 0.1, 0.09)),
        Rules(),
        ["r-agitation-0", "r-agitation-2", "r-agitation-4"],
    ),
    "a violation and citizens": (
        report("999", (0.5, 0.0)),
        Rules(),
        ["r-violation-0", "r-agitation-1"],
    ),
    "a higher threshold": (report(scores=(0.5,)), Rules(agitation_below=0.6), ["r-agitation-0"]),
    "no score is below 0": (report(scores=(0.0,)), Rules(agitation_below=0.0), []),
    "all but calm at 1": (report(scores=(0.99, 1.0)), Rules(agitation_below=1), ["r-agitation-0"]),
    "history": (report("999", (0.0,), "nypd"), Rules(), []),
    "history, if it may": (report("999", source="nypd"), BY_NYPD, ["r-violation-0"]),
    "drones, if they may not": (report("999", (0.0,)), BY_NYPD, []),
    "no source": (report("999", (0.0,)), Rules(alert_sources=frozenset()), []),
}


@pytest.mark.parametrize(("content", "rules", "expected"), CASES.values(), ids=CASES)
def test_alerts_are_raised_where_the_rules_say(
    content: Report, rules: Rules, expected: list[str]
) -> None:
    assert [alert.alert_id for alert in alerts_in(content, rules)] == expected


def test_a_violation_alert_says_what_its_report_said() -> None:
    assert alerts_in(report("999"), Rules()) == (
        Alert(
            alert_id="r-violation-0",
            kind="violation",
            report_id="r",
            drone_id="drone-1",
            time=NOON,
            subject="999",
            location=HERE,
            detail=Detail(("market", "rain"), "Rue de Rivoli", TELEMETRY),
        ),
    )


def test_an_agitation_alert_names_its_citizen() -> None:
    (alert,) = alerts_in(report(scores=(0.9, 0.01)), Rules())

    assert (alert.kind, alert.subject) == ("agitation", "c1")
    assert alert.alert_id == "r-agitation-1"


def test_a_report_without_place_and_telemetry_gives_an_alert_without_them() -> None:
    bare = Report("r", "drone-1", NOON, "drone", violation=Violation("999"))

    (alert,) = alerts_in(bare, Rules())

    assert (alert.location, alert.detail) == (None, Detail())


def test_two_citizens_of_one_name_give_two_alerts() -> None:
    twins = Report("r", "d", NOON, "drone", citizens=(Citizen("x", 0.0), Citizen("x", 0.0)))

    assert [alert.alert_id for alert in alerts_in(twins, Rules())] == [
        "r-agitation-0",
        "r-agitation-1",
    ]


EVERYTHING = Rules(agitation_below=1.0, alert_sources=frozenset({"drone", "nypd"}))


@examples(100)
@given(reports)
def test_a_report_read_again_gives_equal_alerts_each_under_its_own_id(given_report: Report) -> None:
    alerts = alerts_in(given_report, EVERYTHING)
    again = decoded(encoded(given_report))

    assert not isinstance(again, Rejection)
    assert alerts_in(again, EVERYTHING) == alerts
    assert len({alert.alert_id for alert in alerts}) == len(alerts)
    assert len(alerts) >= sum(citizen.score < 1 for citizen in given_report.citizens)
