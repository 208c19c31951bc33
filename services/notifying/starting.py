"""Where a channel goes on in a partition, and whether the topic is still the same."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import structlog
from kafka.errors import KafkaError
from kafka.structs import OffsetAndMetadata

from services.notifying.bookmark import Bookmark, Layout, bookmark_in
from services.stream.group_start import report_lost
from services.stream.identity import TopicDescription
from services.stream.worker import LogRange, NotNow

CHECK_MS = 1_000
CHECK_AGAIN_MS = 5_000

log = structlog.get_logger()


class TopicSource(Protocol):
    """TopicIdentity; a test may change the topic at will."""

    def described(self) -> TopicDescription | None: ...  # noqa: D102
    def close(self) -> None: ...  # noqa: D102


class TopicWatch:
    """Which topic bears the name, and how many partitions it has, as asked last.

    A topic that was deleted and made again begins at offset 0.
    """

    def __init__(self, source: TopicSource, monotonic_ms: Callable[[], int]) -> None:
        self.source = source
        self.monotonic_ms = monotonic_ms
        # When the last answer was asked for (monotonic).
        self.asked_ms = -1
        self.due_ms = 0
        # Not before, as Kafka did not answer.
        self.again_ms = 0

    def ask(self) -> TopicDescription:
        """Ask for the topic; NotNow if Kafka does not answer, or has no such topic."""
        asked_ms = self.monotonic_ms()
        self.due_ms = asked_ms + CHECK_MS
        try:
            found = self.source.described()
        except KafkaError as error:
            self.due_ms = self.again_ms = self.monotonic_ms() + CHECK_AGAIN_MS
            raise NotNow(f"Kafka does not describe the topic: {error}") from error
        if found is None:
            raise NotNow("the topic does not exist")
        self.asked_ms = asked_ms
        return found

    def is_due(self, waiting_since_ms: int | None = None) -> bool:
        """Whether to ask again; sooner if a record waits for an answer since then (monotonic)."""
        now_ms = self.monotonic_ms()
        is_awaited = waiting_since_ms is not None and self.asked_ms <= waiting_since_ms
        return now_ms >= (self.again_ms if is_awaited else self.due_ms)

    def close(self) -> None:
        """Close the connection."""
        self.source.close()


@dataclass(frozen=True, slots=True)
class Start:
    """Where to go on, and how many records retention deleted that were not done."""

    bookmark: Bookmark
    lost: int = 0


def start_of(
    partition: int,
    committed: OffsetAndMetadata | None,
    log_range: LogRange,
    topic_id: str,
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


def layout_of(known: Layout, partitions: int, now_ms: int) -> Layout:
    """The layout of a topic of so many partitions; a growth counts as of now (brokers' time)."""
    return known if known.partitions == partitions else Layout(partitions, now_ms)


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
