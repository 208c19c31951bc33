"""What is measured of notices; `channel` is email, webhook or log, `kind` single or digest."""

from prometheus_client import Counter, Gauge, Histogram

from services.notifying.notice import Notice, Outcome

DELIVERED = Counter(
    "dronewatch_notifying_delivered", "Notices that a recipient took.", ["channel", "kind"]
)
ALERTS_DELIVERED = Counter(
    "dronewatch_notifying_delivered_alerts", "Alerts in delivered notices.", ["channel"]
)
FAILED = Counter(
    "dronewatch_notifying_failed", "Deliveries that failed for a recipient.", ["channel"]
)
RETRIED = Counter("dronewatch_notifying_retried", "Notices put on the retry topic.", ["channel"])
UNDELIVERED = Counter(
    "dronewatch_notifying_undelivered", "Records put on the topic of the undelivered.", ["channel"]
)
DUPLICATES = Counter(
    "dronewatch_notifying_duplicates", "Alerts read a second time, not sent again.", ["channel"]
)
UNCHECKED = Counter(
    "dronewatch_notifying_unchecked",
    "Alerts older than what is remembered: whether they were sent before is not known.",
    ["channel"],
)
LOST = Counter(
    "dronewatch_notifying_lost", "Records deleted before they were read, by retention.", ["channel"]
)
WAITING = Gauge("dronewatch_notifying_waiting", "Alerts read and not yet sent.", ["channel"])
OVERDUE_SECONDS = Gauge(
    "dronewatch_notifying_overdue_seconds", "For how long the oldest due alert waits.", ["channel"]
)
DELAY_SECONDS = Histogram(
    "dronewatch_notifying_delivery_delay_seconds",
    "From an alert's detection to its delivery; a digest's by its oldest alert.",
    ["channel", "kind"],
    buckets=(0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300, 600, 3600, 86400),
)


def show(channel: str) -> None:
    """All of the channel's counts, before there is anything to count: rates begin with a zero."""
    for counter in (ALERTS_DELIVERED, FAILED, RETRIED, UNDELIVERED, DUPLICATES, UNCHECKED, LOST):
        counter.labels(channel)
    for kind in ("single", "digest"):
        DELIVERED.labels(channel, kind)


def count_outcome(channel: str, notice: Notice, outcome: Outcome, now_ms: int) -> None:
    """Count one delivery, successful or not; `now_ms` is when it ended."""
    kind = "digest" if notice.is_digest else "single"
    FAILED.labels(channel).inc(len(outcome.later) + len(outcome.never))
    if outcome.delivered:
        DELIVERED.labels(channel, kind).inc()
        ALERTS_DELIVERED.labels(channel).inc(len(notice.alerts))
        DELAY_SECONDS.labels(channel, kind).observe(max(0, now_ms - notice.detected_at_ms) / 1000)
