"""Notices as lines of JSON on standard output, apart from the process's log on standard error."""

import sys
from typing import Any

import click
import structlog

from services.notifying.notice import Notice, Outcome
from services.notifying.wording import headline
from services.reports.alert import Alert


class LogChannel:
    """One line a notice; cannot fail for a while: who cannot write stops."""

    name = "log"
    recipients: tuple[str, ...] = ("log",)
    cap_per_minute: int | None = None

    def __init__(self) -> None:
        self._log = structlog.wrap_logger(
            structlog.PrintLogger(sys.stdout),
            processors=[
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
            wrapper_class=structlog.BoundLogger,
        )

    def deliver(self, notice: Notice) -> Outcome:
        """Write the line. ClickException if standard output takes nothing."""
        alerts = [_entry(alert) for alert in notice.alerts]
        try:
            self._log.info(headline(notice), notice_id=notice.notice_id, alerts=alerts)
        except OSError as error:
            message = f"cannot write to standard output: {error.strerror}"
            raise click.ClickException(message) from error
        return Outcome(delivered=notice.recipients or self.recipients)

    def close(self) -> None:
        """Nothing is kept open."""


def _entry(alert: Alert) -> dict[str, Any]:
    return {
        "alert_id": alert.alert_id,
        "kind": alert.kind,
        "subject": alert.subject,
        "drone_id": alert.drone_id,
        "time": alert.time.isoformat(),
        "place": alert.location and alert.location.place,
    }
