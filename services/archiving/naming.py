"""An object's name follows from its first record alone. Pure. See docs/architecture.md."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

REPORTS_FOLDER = "reports"
HOUR_MS = 3_600_000

_NAME = re.compile(
    r"\A.*/date=(?P<date>\d{4}-\d\d-\d\d)/hour=(?P<hour>\d\d)/"
    r"(?P<topic_id>[0-9a-f]{8})-(?P<partition>\d{5})-(?P<offset>\d{20})\.parquet\Z"
)


@dataclass(frozen=True, slots=True)
class ObjectStart:
    """The record an object begins with; topic_id: 8 hex digits; hour: hours since the epoch."""

    topic_id: str
    partition: int
    offset: int
    hour: int


def arrival_hour(timestamp_ms: int) -> int:
    """Whole hours since the epoch (UTC) of a record's arrival at the broker."""
    return timestamp_ms // HOUR_MS


def object_name(start: ObjectStart) -> str:
    """`reports/date=YYYY-MM-DD/hour=HH/<topic id>-<partition:05>-<first offset:020>.parquet`."""
    arrived = datetime.fromtimestamp(start.hour * 3600, UTC)
    file = f"{start.topic_id}-{start.partition:05}-{start.offset:020}.parquet"
    return f"{REPORTS_FOLDER}/date={arrived:%Y-%m-%d}/hour={arrived:%H}/{file}"


def object_start(name: str) -> ObjectStart | None:
    """The record that the object of this name begins with; None if it is no name of ours."""
    match = _NAME.match(name)
    if not match:
        return None
    try:
        arrived = datetime.fromisoformat(f"{match['date']}T{match['hour']}:00:00+00:00")
    except ValueError:
        return None
    hour = int(arrived.timestamp()) // 3600
    return ObjectStart(match["topic_id"], int(match["partition"]), int(match["offset"]), hour)
