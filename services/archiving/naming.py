"""Names of the archive's objects. Pure. The protocol: docs/architecture.md, "The archive"."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

REPORTS_FOLDER = "reports"
# Outside of the folder that analyses read.
DECISIONS_FOLDER = "decisions"
HOUR_MS = 3_600_000

_NAME = re.compile(
    r"\A.*/date=(?P<date>\d{4}-\d\d-\d\d)/hour=(?P<hour>\d\d)/"
    r"(?P<topic_id>[0-9a-f]{8})-(?P<partition>\d{5})-(?P<offset>\d{20})\.parquet\Z"
)


@dataclass(frozen=True, slots=True)
class ObjectStart:
    """Where an object begins: `offset` is the position at which the chain stood before it.

    topic_id: 8 hex digits; hour: of the arrival of what is at that position, since the epoch.
    """

    topic_id: str
    partition: int
    offset: int
    hour: int


def arrival_hour(timestamp_ms: int) -> int:
    """Whole hours since the epoch (UTC) of a record's arrival at the broker."""
    return timestamp_ms // HOUR_MS


def object_name(start: ObjectStart) -> str:
    """`reports/date=YYYY-MM-DD/hour=HH/<topic id>-<partition:05>-<offset:020>.parquet`."""
    arrived = datetime.fromtimestamp(start.hour * 3600, UTC)
    file = f"{start.topic_id}-{start.partition:05}-{start.offset:020}.parquet"
    return f"{REPORTS_FOLDER}/date={arrived:%Y-%m-%d}/hour={arrived:%H}/{file}"


def decision_name(topic_id: str, partition: int, offset: int) -> str:
    """`decisions/<topic id>-<partition:05>-<offset:020>.parquet`: where the chain goes on."""
    return f"{DECISIONS_FOLDER}/{topic_id}-{partition:05}-{offset:020}.parquet"


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
