"""What is measured of storing alerts."""

from prometheus_client import Counter, Gauge, Histogram

STORED = Counter("dronewatch_website_stored_alerts", "Alerts stored.")
DUPLICATES = Counter(
    "dronewatch_website_duplicates", "Alerts read a second time, not stored again."
)
REFUSED = Counter("dronewatch_website_refused_records", "Records of the topic that are no alert.")
WAITING = Gauge("dronewatch_website_waiting_alerts", "Alerts read and not yet stored.")
STORE_FAILURES = Counter(
    "dronewatch_website_store_failures", "Attempts to store that the database did not take."
)
DELAY_SECONDS = Histogram(
    "dronewatch_website_delay_seconds",
    "From an alert's detection to its being stored.",
    buckets=(0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300, 3600, 86400),
)
LOST = Counter("dronewatch_website_lost_records", "Alerts that retention deleted before we read.")
