"""Batches that cannot be read: their partitions stand still, and are tried again."""

from collections.abc import Set
from dataclasses import dataclass

import structlog
from prometheus_client import Gauge

from services.stream.worker import Fetch

RETRY_SECONDS = 30.0

STOPPED = Gauge(
    "dronewatch_consumer_stopped_partitions",
    "Partitions that stand still until somebody acts.",
    ["reason"],
)
STOPPED.labels("unreadable").set(0)
STOPPED.labels("log_cut").set(0)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Unreadable:
    offset: int
    retry_at_seconds: float


class UnreadableBatches:
    """The partitions of one member that stand before an unreadable batch."""

    def __init__(self) -> None:
        self._found: dict[int, _Unreadable] = {}
        self._is_tried: set[int] = set()

    @property
    def partitions(self) -> Set[int]:
        """Partitions that are not to be read now."""
        return self._found.keys() - self._is_tried

    def due(self, now_seconds: float) -> frozenset[int]:
        """Partitions to be read again now; each is due once until it is noted again."""
        due = frozenset(
            p for p in self.partitions if self._found[p].retry_at_seconds <= now_seconds
        )
        self._is_tried |= due
        return due

    def note_unreadable(self, fetch: Fetch, now_seconds: float) -> None:
        """Stop the fetch's partition at its end; warn when this is found the first time."""
        before = self._found.get(fetch.partition)
        if before is None or before.offset != fetch.end:
            log.error(
                "a batch is unreadable: its partition stops, the others go on",
                partition=fetch.partition,
                offset=fetch.end,
                cause=fetch.unreadable,
                runbook="DronewatchPartitionStopped",
            )
        self._found[fetch.partition] = _Unreadable(fetch.end, now_seconds + RETRY_SECONDS)
        self._is_tried.discard(fetch.partition)
        STOPPED.labels("unreadable").set(len(self._found))

    def note_read(self, fetch: Fetch) -> None:
        """Forget a partition that was read past its unreadable batch."""
        found = self._found.get(fetch.partition)
        if found is not None and fetch.end > found.offset:
            log.info("a batch became readable", partition=fetch.partition, offset=found.offset)
            self.forget({fetch.partition})

    def forget(self, partitions: Set[int]) -> None:
        """Forget these partitions."""
        self._found = {p: found for p, found in self._found.items() if p not in partitions}
        self._is_tried -= partitions
        STOPPED.labels("unreadable").set(len(self._found))
