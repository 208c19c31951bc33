"""Where a consumer group left off in a partition, and how much retention deleted unread."""

import structlog
from kafka.structs import OffsetAndMetadata
from prometheus_client import Counter

from services.stream.worker import LogRange

LOST = Counter(
    "dronewatch_consumer_lost_records",
    "Records that retention deleted before this group had read them.",
    ["partition"],
)

log = structlog.get_logger()


def group_start(partition: int, committed: OffsetAndMetadata | None, log_range: LogRange) -> int:
    """Return the committed offset, or the log's start; count and report what was deleted unread."""
    # The series is there before its first loss.
    LOST.labels(partition)
    if committed is None:
        return log_range.start
    lost = log_range.start - int(committed.offset)
    if lost > 0:
        report_lost(partition, lost)
    return max(int(committed.offset), log_range.start)


def report_lost(partition: int, records: int) -> None:
    """Count records that were deleted before they were read, and say so in the log."""
    LOST.labels(partition).inc(records)
    log.error("records were deleted before they were read", partition=partition, records=records)
