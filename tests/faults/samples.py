"""A sound report, for tests that need just any."""

from datetime import UTC, datetime

from services.reports.report import Citizen, Location, Report, Telemetry, Violation


def sound_report(report_id: str, score: float = 0.5, code: str = "21") -> Report:
    """A report with every part; alerts follow from its score and code."""
    return Report(
        report_id=report_id,
        drone_id="drone-1",
        time=datetime(2026, 3, 2, 12, 0, 0, 123_000, UTC),
        source="drone",
        location=Location(48.8566, 2.3522, "Rue de Rivoli"),
        violation=Violation(code, "img-1"),
        citizens=(Citizen("Aurore Durand", score), Citizen("Jean Martin", 0.9)),
        words=("market", "rain"),
        telemetry=Telemetry(0.83, 41.2, 0.31, 1234.5, -67.0),
    )
