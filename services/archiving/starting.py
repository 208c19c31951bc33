"""Where a partition's archive goes on: every start must be the end of an object."""

import structlog
from kafka.structs import OffsetAndMetadata
from prometheus_client import Counter

from services.archiving.landing import standing_last_offset
from services.archiving.naming import REPORTS_FOLDER, ObjectStart, object_start
from services.archiving.store import Store

UNTRUSTED = Counter("dronewatch_archiving_untrusted_starts", "Starts found by listing objects.")
LOST = Counter("dronewatch_archiving_lost_offsets", "Offsets deleted before they were archived.")

SHORT_ID_DIGITS = 8

log = structlog.get_logger()


def commit_mark(topic_id: str) -> str:
    """The metadata of our commits: an offset without it is not the end of an object of ours."""
    return f"dronewatch:{topic_id}"


def short_id(topic_id: str) -> str:
    """The part of a topic's id (32 hex digits) that stands in objects' names."""
    return topic_id[:SHORT_ID_DIGITS]


def is_trusted(committed: OffsetAndMetadata | None, topic_id: str, log_start: int) -> bool:
    """Whether a committed offset may be taken as the end of an object."""
    if committed is None or committed.offset < log_start:
        return False
    return bool(committed.metadata == commit_mark(topic_id))


def archived_end(store: Store, topic_id: str, partition: int) -> int | None:
    """The offset after the last archived one, None if there is none.

    Only the newest day that has objects of the partition is looked at: if a clock went back
    there are later ones, which the walk along the chain of objects finds.
    """
    for day in sorted(store.folders(f"{REPORTS_FOLDER}/"), reverse=True):
        starts = [start for name in store.names(day) if (start := object_start(name))]
        ours = [s for s in starts if (s.topic_id, s.partition) == (short_id(topic_id), partition)]
        if ours:
            return _end_of(store, max(ours, key=lambda start: start.offset))
    return None


def untrusted_start(
    store: Store, topic_id: str, partition: int, committed: OffsetAndMetadata | None, log_start: int
) -> int:
    """Where to go on when no commit says so: after the last object, or at the log's start."""
    is_marked = committed is not None and committed.metadata == commit_mark(topic_id)
    marked_end = committed.offset if committed is not None and is_marked else None
    candidates = (archived_end(store, topic_id, partition), marked_end)
    ends = [end for end in candidates if end is not None]
    lost = max(0, log_start - max(ends)) if ends else 0
    UNTRUSTED.inc()
    LOST.inc(lost)
    start = max([*ends, log_start])
    log.info("start found by listing", partition=partition, start=start, lost_offsets=lost)
    return start


def _end_of(store: Store, start: ObjectStart) -> int | None:
    last_offset = standing_last_offset(store, start)
    return None if last_offset is None else last_offset + 1
