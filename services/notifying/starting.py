"""Where a channel goes on in a partition, and whether the topic is still the same."""

import time
from dataclasses import dataclass

import structlog
from kafka.structs import OffsetAndMetadata

from services.notifying.bookmark import Bookmark, bookmark_in
from services.stream.group_start import report_lost
from services.stream.identity import Identity, known_topic_id
from services.stream.worker import LogRange

CHECK_SECONDS = 5.0

log = structlog.get_logger()


class TopicWatch:
    """Which topic bears the name; one that was deleted and made again begins at offset 0."""

    def __init__(self, identity: Identity) -> None:
        self.identity = identity
        self.asked_at_seconds = time.monotonic()

    def topic_id(self) -> str:
        """The topic's id; NotNow if Kafka does not tell it."""
        return known_topic_id(self.identity)

    def is_due(self) -> bool:
        """Whether to ask again, once in CHECK_SECONDS."""
        is_due = time.monotonic() - self.asked_at_seconds >= CHECK_SECONDS
        if is_due:
            self.asked_at_seconds = time.monotonic()
        return is_due

    def close(self) -> None:
        """Close the connection."""
        self.identity.close()


@dataclass(frozen=True, slots=True)
class Start:
    """Where to go on, and how many records retention deleted that were not done."""

    bookmark: Bookmark
    lost: int = 0


def start_of(
    partition: int, committed: OffsetAndMetadata | None, log_range: LogRange, topic_id: str
) -> Start:
    """The group's bookmark; without one for this topic, the log's start.

    Says in the log and counts what retention deleted before it was done, and a log's lost end.
    """
    if committed is None:
        return Start(Bookmark(topic_id, log_range.start))
    found = _bookmark_of(committed, topic_id)
    if found.topic_id != topic_id:
        log.warning("the topic was made anew, beginning at its start", log_start=log_range.start)
        return Start(Bookmark(topic_id, log_range.start))
    if found.end > log_range.end:
        log.error("the log lost its end", partition=partition, offset=log_range.end)
        found = found.to_log_end(log_range.end)
    lost = lost_records(found, log_range.start)
    if lost:
        report_lost(partition, lost)
    return Start(found.from_log_start(log_range.start), lost)


def lost_records(bookmark: Bookmark, log_start: int) -> int:
    """How many records before the log's start were not done."""
    done = sum(offset < log_start for offset in bookmark.done)
    return max(0, log_start - bookmark.offset - done)


def _bookmark_of(committed: OffsetAndMetadata, topic_id: str) -> Bookmark:
    found = bookmark_in(committed.offset, committed.metadata or "")
    # Whoever sets a group's offsets by hand leaves the metadata empty.
    if found is None and committed.metadata:
        log.error(
            "a commit's metadata is unreadable: going on from its offset, and what was sent above"
            " it is sent again",
            offset=committed.offset,
        )
    return found or Bookmark(topic_id, committed.offset)
