"""Hours of the week, UTC: 0 is Monday's first hour, 167 Sunday's last."""

from collections.abc import Sequence

HOURS_OF_WEEK = range(7 * 24)
HOUR_MS = 3_600_000
# 1970-01-01 was a Thursday: Monday's first hour lies three days before.
_MONDAY_OFFSET_HOURS = 3 * 24


def hour_of_week(time_ms: int) -> int:
    """The hour of the week of a time in milliseconds since the epoch."""
    return (time_ms // HOUR_MS + _MONDAY_OFFSET_HOURS) % len(HOURS_OF_WEEK)


def is_weekend(hour: int) -> bool:
    """Whether an hour of the week lies on Saturday or Sunday."""
    return hour >= 5 * 24


def normalised(table: Sequence[Sequence[float]]) -> tuple[tuple[float, ...], ...]:
    """The table scaled so that its mean is 1.0."""
    mean = sum(map(sum, table)) / sum(map(len, table))
    return tuple(tuple(value / mean for value in row) for row in table)
