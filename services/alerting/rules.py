"""What in a report asks for a human. Pure."""

from dataclasses import dataclass

from services.reports.alert import Alert, Detail, Kind, alert_id
from services.reports.report import Report

HUMAN_CODES = frozenset({"999"})
AGITATION_BELOW = 0.1
ALERT_SOURCES = frozenset({"drone"})


@dataclass(frozen=True, slots=True)
class Rules:
    """Codes that need a human; scores (0..1) below which a citizen does; sources that may alert.

    History must not call anyone out, so by default only drones alert.
    """

    human_codes: frozenset[str] = HUMAN_CODES
    agitation_below: float = AGITATION_BELOW
    alert_sources: frozenset[str] = ALERT_SOURCES


def alerts_in(report: Report, rules: Rules) -> tuple[Alert, ...]:
    """The report's alerts: the violation first, then the citizens in the report's order."""
    if report.source not in rules.alert_sources:
        return ()
    return violation_alerts(report, rules) + agitation_alerts(report, rules)


def violation_alerts(report: Report, rules: Rules) -> tuple[Alert, ...]:
    """One alert if the violation's code needs a human."""
    if report.violation is None or report.violation.code not in rules.human_codes:
        return ()
    return (_alert(report, "violation", 0, report.violation.code),)


def agitation_alerts(report: Report, rules: Rules) -> tuple[Alert, ...]:
    """One alert for each citizen whose score is below the threshold."""
    return tuple(
        _alert(report, "agitation", index, citizen.name)
        for index, citizen in enumerate(report.citizens)
        if citizen.score < rules.agitation_below
    )


def _alert(report: Report, kind: Kind, index: int, subject: str) -> Alert:
    place = report.location.place if report.location else None
    return Alert(
        alert_id=alert_id(report.report_id, kind, index),
        kind=kind,
        report_id=report.report_id,
        drone_id=report.drone_id,
        time=report.time,
        subject=subject,
        location=report.location,
        detail=Detail(words=report.words, place=place, telemetry=report.telemetry),
    )
