"""A report as it goes out: key, bytes, and what the ledger will say of it."""

from msgspec import Struct

from services.reports.alert import alert_id
from services.reports.codec import encoded
from services.reports.report import Report
from simulator.moods import is_agitated
from simulator.parking import HUMAN_CODES


class Message(Struct, frozen=True, gc=False):
    """One record to send, due at a time in milliseconds since the epoch (simulated).

    report_id is None when the value is no report; fault names what is wrong with it, if anything.
    """

    due_ms: int
    key: bytes
    value: bytes | None
    report_id: str | None = None
    alerts: tuple[str, ...] = ()
    fault: str | None = None


def message(due_ms: int, report: Report) -> Message:
    """The record of a sound report."""
    return Message(
        due_ms,
        report.drone_id.encode(),
        encoded(report),
        report.report_id,
        expected_alerts(report),
    )


def expected_alerts(report: Report) -> tuple[str, ...]:
    """The alert ids that this report must raise: the simulator's own count, as a witness."""
    report_id = report.report_id
    violation = report.violation
    if violation is not None and violation.code in HUMAN_CODES:
        return (alert_id(report_id, "violation", 0), *_agitations(report))
    return tuple(_agitations(report)) if report.citizens else ()


def _agitations(report: Report) -> list[str]:
    return [
        alert_id(report.report_id, "agitation", index)
        for index, citizen in enumerate(report.citizens)
        if is_agitated(citizen.score)
    ]
