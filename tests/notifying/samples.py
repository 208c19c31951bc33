"""Alerts, for tests that need just any."""

from services.alerting.rules import Rules, alerts_in
from services.notifying.notice import Notice, notice_of
from services.reports.alert import Alert
from tests.faults.samples import sound_report


def alert(report_id: str) -> Alert:
    """That of a citizen of this report; its id is `<report_id>-agitation-0`."""
    return next(iter(alerts_in(sound_report(report_id, score=0.01), Rules())))


def notice(report_id: str) -> Notice:
    """The notice of that alert alone; its id is the alert's."""
    return notice_of([alert(report_id)], detected_at_ms=0)
