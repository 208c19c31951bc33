"""Alerts per drone lately: what the analysis, which runs now and then, cannot say."""

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from services.website.schema import alerts

LATELY_MS = 24 * 60 * 60 * 1000
# A day may have millions: it is read backwards along its index, so far and no further.
COUNTED_MAX = 100_000


@dataclass(frozen=True, slots=True)
class RecentAlerts:
    """Alerts by drone_id of those stored since a moment; is_cut: only the newest are counted."""

    since_ms: int
    by_drone: dict[str, int]
    is_cut: bool


def recent_alerts(
    connection: Connection, now_ms: int, counted_max: int = COUNTED_MAX
) -> RecentAlerts:
    """Those of the last day, or the newest of them."""
    since_ms = now_ms - LATELY_MS
    lately = (
        select(alerts.c.drone_id)
        .where(alerts.c.stored_at_ms >= since_ms)
        .order_by(alerts.c.stored_at_ms.desc())
        .limit(counted_max)
        .subquery()
    )
    counted = select(lately.c.drone_id, func.count()).group_by(lately.c.drone_id)
    by_drone = {row[0]: row[1] for row in connection.execute(counted)}
    return RecentAlerts(since_ms, by_drone, sum(by_drone.values()) == counted_max)
