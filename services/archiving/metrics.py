"""What archiving exports about its partitions."""

from collections.abc import Iterable

from prometheus_client import Counter, Gauge

from services.archiving.partition import PartitionArchive

WALKED = Counter("dronewatch_archiving_walked_objects", "Objects skipped at a start: they stood.")
STUCK = Gauge("dronewatch_archiving_stuck_partitions", "Partitions whose object is unreadable.")
BUFFERED_BYTES = Gauge("dronewatch_archiving_buffered_bytes", "Objects growing or waiting.")
OLDEST_AGE_SECONDS = Gauge(
    "dronewatch_archiving_oldest_age_seconds",
    "Age of the oldest record read but not yet archived.",
    ["partition"],
)


def export(archives: Iterable[PartitionArchive], now_ms: int) -> None:
    """Set the gauges; now_ms is the wall clock."""
    known = list(archives)
    STUCK.set(sum(1 for archive in known if archive.stuck_because))
    BUFFERED_BYTES.set(sum(archive.growing_bytes + archive.queued_bytes for archive in known))
    OLDEST_AGE_SECONDS.clear()
    for archive in known:
        oldest_ms = archive.oldest_ms
        age_seconds = 0.0 if oldest_ms is None else max(0, now_ms - oldest_ms) / 1000
        OLDEST_AGE_SECONDS.labels(archive.partition).set(age_seconds)
