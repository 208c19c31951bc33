"""Alerts as tests need them, all alike but for what is given."""

from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from services.reports.alert import Alert, Detail
from services.reports.codec import Rejection
from services.reports.report import Location, Telemetry
from services.website.rows import Row, row_of

FIRST_TIME = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
STORED_AT_MS = 1_763_700_000_000
# Of the topic that the tests of processes send alerts to.
PARTITIONS = 3


def alert(number: int = 0, **changes: Any) -> Alert:
    """An agitated citizen, every number another one a second later."""
    name = f"Citizen {number}"
    report_id = f"drone-{number % 7}-{number:07}"
    made = Alert(
        alert_id=f"{report_id}-agitation-0",
        kind="agitation",
        report_id=report_id,
        drone_id=f"drone-{number % 7}",
        time=FIRST_TIME + timedelta(seconds=number),
        subject=name,
        location=Location(40.6 + number % 100 / 1000, -74.0 + number % 50 / 1000, "Union Square"),
        detail=Detail(("peace", "now"), "Union Square", Telemetry(0.8, 40.0, 0.2, 12.5, -60.0)),
    )
    return replace(made, **changes)


def row(number: int = 0, stored_at_ms: int = STORED_AT_MS, **changes: Any) -> Row:
    """The alert's row."""
    made = row_of(alert(number, **changes), stored_at_ms, stored_at_ms - 20)
    assert not isinstance(made, Rejection)
    return made


def rows(count: int, first: int = 0) -> list[Row]:
    """That many rows, in the order of their numbers."""
    return [row(number) for number in range(first, first + count)]
