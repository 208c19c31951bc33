"""What alerting sends, record by record: to which topic, and with which headers. Pure."""

from collections.abc import Callable
from dataclasses import dataclass

from services.alerting.rules import Rules, alerts_in
from services.reports import topics
from services.reports.codec import Rejection, decoded, encoded
from services.reports.report import Report
from services.stream.outgoing import Origin, Outgoing, set_aside
from services.stream.worker import Record


@dataclass(frozen=True, slots=True)
class Addresses:
    """The topics alerting writes to."""

    alerts: str = topics.ALERTS
    rejected: str = topics.REPORTS_REJECTED


@dataclass(frozen=True, slots=True)
class Outbox:
    """From a record of `reports` to what is to be sent for it; `now_ms` is the clock."""

    rules: Rules
    addresses: Addresses
    now_ms: Callable[[], int]

    def outgoing(self, origin: Origin, record: Record) -> tuple[Outgoing, ...]:
        """Alerts of a report, or the rejected record as it came; mostly nothing."""
        content = decoded(record.value)
        if isinstance(content, Rejection):
            return (set_aside(self.addresses.rejected, origin, record, content.reason),)
        return self._alerts(content, record)

    def _alerts(self, report: Report, record: Record) -> tuple[Outgoing, ...]:
        alerts = alerts_in(report, self.rules)
        if not alerts:
            return ()
        headers = (
            (topics.DETECTED_AT, str(self.now_ms()).encode()),
            (topics.REPORTED_AT, str(record.timestamp).encode()),
        )
        key = report.drone_id.encode()
        return tuple(Outgoing(self.addresses.alerts, key, encoded(a), headers) for a in alerts)
