"""How values are written on pages. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from services.website.queries import StoredAlert

# What a report's telemetry is called, and its unit; docs/report.md.
TELEMETRY = {
    "battery": ("Battery", " %", 100),
    "motor_temperature_celsius": ("Motor", " °C", 1),
    "vibration_g": ("Vibration", " g", 1),
    "flight_hours": ("Flown", " h", 1),
    "signal_dbm": ("Signal", " dBm", 1),
}


def moment(at_ms: int) -> str:
    """`2026-03-09T14:30:00.123Z`; where no calendar reaches, the milliseconds themselves."""
    try:
        utc = datetime.fromtimestamp(at_ms / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return f"{at_ms} ms"
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{at_ms % 1000:03d}Z"


def minute(at_ms: int) -> str:
    """`2026-03-09 14:30 UTC`, of a wall clock's time."""
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M} UTC"


def readable(value: Any) -> str:
    """A cell of a table: numbers with their thousands, nothing for null."""
    if value is None:
        return ""
    if not is_number(value):
        return str(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:,.4f}".rstrip("0").rstrip(".")


def heading(column: str) -> str:
    """`violations_per_day` as people write it."""
    return column.replace("_", " ")


def is_number(value: Any) -> bool:
    """Whether a cell is set to the right."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def subject(alert: StoredAlert) -> str:
    """Whom or what an alert is about: a citizen's name as it is, a violation's code as such."""
    return f"Code {alert.subject}" if alert.kind == "violation" else alert.subject


def telemetry(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Name and value with its unit, of those that the report has."""
    return [
        (name, f"{readable(round(values[key] * factor, 1))}{unit}")
        for key, (name, unit, factor) in TELEMETRY.items()
        if is_number(values.get(key))
    ]


def lower_first(text: str) -> str:
    """A sentence as it goes on behind a colon."""
    return text[:1].lower() + text[1:]
