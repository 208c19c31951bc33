"""What archiving exports about its partitions."""

from collections.abc import Iterable

from prometheus_client import Gauge

from services.archiving.chain import ChainWriter

STUCK = Gauge("dronewatch_archiving_stuck_partitions", "Partitions whose object is unreadable.")
BUFFERED_BYTES = Gauge("dronewatch_archiving_buffered_bytes", "Objects growing or waiting.")
OLDEST_AGE_SECONDS = Gauge(
    "dronewatch_archiving_oldest_age_seconds",
    "Age of the oldest record read but not yet archived.",
    ["partition"],
)


def export(chains: Iterable[ChainWriter], not_started: int, now_ms: int) -> None:
    """Set the gauges; not_started: partitions that cannot start; now_ms is the wall clock."""
    known = list(chains)
    STUCK.set(not_started + sum(1 for chain in known if chain.is_held))
    BUFFERED_BYTES.set(sum(chain.growing_bytes + chain.queued_bytes for chain in known))
    OLDEST_AGE_SECONDS.clear()
    for chain in known:
        oldest_ms = chain.oldest_ms
        age_seconds = 0.0 if oldest_ms is None else max(0, now_ms - oldest_ms) / 1000
        OLDEST_AGE_SECONDS.labels(chain.partition).set(age_seconds)
