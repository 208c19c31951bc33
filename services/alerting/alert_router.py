"""The records that alerting sends: their topics, keys and headers. Pure."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from services.alerting.rules import Rules, Subject, alerts_about, subjects_in
from services.reports import topics
from services.reports.codec import encoded
from services.reports.report import Report
from services.stream.outgoing import Origin, Outgoing, set_aside
from services.stream.worker import Record


@dataclass(frozen=True, slots=True)
class OutputTopics:
    """The topics alerting writes to."""

    alerts: str = topics.ALERTS
    rejected: str = topics.REPORTS_REJECTED


@dataclass(frozen=True, slots=True)
class AlertRouter:
    """From a record of `reports` to the records to be sent for it."""

    rules: Rules
    output: OutputTopics

    def alerts(
        self, report: Report, record: Record, now_ms: Callable[[], int]
    ) -> Iterable[Outgoing]:
        """The report's alerts, one at a time: a report of 1,000 citizens has megabytes of them.

        `now_ms` is the clock; it is asked only if there are alerts.
        """
        subjects = subjects_in(report, self.rules)
        return self._outgoing(report, subjects, record, now_ms()) if subjects else ()

    def _outgoing(
        self, report: Report, subjects: Sequence[Subject], record: Record, now_ms: int
    ) -> Iterator[Outgoing]:
        headers = (
            (topics.DETECTED_AT, str(now_ms).encode()),
            (topics.REPORTED_AT, str(record.timestamp).encode()),
        )
        key = report.drone_id.encode()
        for alert in alerts_about(subjects, report):
            yield Outgoing(self.output.alerts, key, encoded(alert), headers)

    def rejection(self, origin: Origin, record: Record, reason: str) -> Outgoing:
        """The record as it came, with the reason why it is no report."""
        return set_aside(self.output.rejected, origin, record, reason)


def reported_at_ms(alert: Outgoing) -> int:
    """When Kafka took the alert's report."""
    return int(dict(alert.headers)[topics.REPORTED_AT])
