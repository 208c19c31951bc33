"""The worker behind the consumer loop: records of `alerts` into the database, then the commit."""

import time
from collections.abc import Callable, Sequence, Set
from typing import cast

import structlog
from kafka.structs import OffsetAndMetadata
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from services.reports.codec import Rejection, decoded_alert
from services.stream.headed import HeadedRecord, detected_at_ms
from services.stream.worker import Commits, Record, Turn
from services.website import metrics
from services.website.failures import cause_of
from services.website.rows import Row, row_of
from services.website.storing import store

RETRY_SECONDS = 1.0

log = structlog.get_logger()


class StoringWorker:
    """Keeps what one poll gave until it is stored; reads no more while the database is away."""

    def __init__(self, engine: Engine, now_ms: Callable[[], int]) -> None:
        self.engine = engine
        self.now_ms = now_ms
        self.assigned: set[int] = set()
        self.waiting: dict[int, list[Row]] = {}
        self.ends: dict[int, int] = {}
        self.retry_at_seconds: float | None = None

    def begin(self, partition: int, committed: OffsetAndMetadata | None, log_start: int) -> int:
        """Where the group left off, or the log's start."""
        self.assigned.add(partition)
        if committed and committed.offset < log_start:
            lost = log_start - committed.offset
            metrics.LOST.inc(lost)
            log.error("deleted before it was read", partition=partition, records=lost)
        return max(committed.offset, log_start) if committed else log_start

    def take(self, partition: int, records: Sequence[Record]) -> None:
        """Let them wait for the turn that stores them; what is no alert is counted and said."""
        judged = [(record, self._judged(cast(HeadedRecord, record))) for record in records]
        for record, row in judged:
            if isinstance(row, Rejection):
                metrics.REFUSED.inc()
                where = {"partition": partition, "offset": record.offset}
                log.warning("no alert, not stored", reason=row.reason, **where)
        rows = [row for _, row in judged if not isinstance(row, Rejection)]
        self.waiting.setdefault(partition, []).extend(rows)
        self.ends[partition] = records[-1].offset + 1
        self._observe()

    def turn(self) -> Turn:
        """Store what waits; what is stored may be committed."""
        is_stored = self._is_stored()
        commits = self._forget(self.ends.keys()) if is_stored else {}
        return Turn(commits=commits, paused=frozenset() if is_stored else frozenset(self.assigned))

    def committed(self, partitions: Set[int]) -> None:
        """Nothing waits for it."""

    def settle(
        self,
        partitions: Set[int],
        deadline_seconds: float,  # noqa: ARG002 - the database has time-outs of its own
    ) -> Commits:
        """Store what waits, unless the database is away: then the next owner reads it again."""
        is_stored = self.retry_at_seconds is None and self._is_stored()
        commits = self._forget(partitions) if is_stored else {}
        self.drop(partitions)
        return commits

    def drop(self, partitions: Set[int]) -> None:
        """Forget these partitions."""
        self._forget(partitions)
        self.assigned -= partitions

    def close(self) -> None:
        """The engine belongs to the pages, too."""

    def _judged(self, record: HeadedRecord) -> Row | Rejection:
        alert = decoded_alert(record.value)
        if isinstance(alert, Rejection):
            return alert
        return row_of(alert, self.now_ms(), detected_at_ms(record))

    def _is_stored(self) -> bool:
        """Whether nothing waits any more."""
        if self.retry_at_seconds is not None and time.monotonic() < self.retry_at_seconds:
            return False
        rows = [row for rows in self.waiting.values() for row in rows]
        try:
            stored = store(self.engine, rows)
        except SQLAlchemyError as error:
            self._note_away(error)
            return False
        self._note_stored(rows, stored)
        return True

    def _note_away(self, error: SQLAlchemyError) -> None:
        metrics.STORE_FAILURES.inc()
        if self.retry_at_seconds is None:
            log.warning("alerts not stored, trying again", cause=cause_of(error))
        self.retry_at_seconds = time.monotonic() + RETRY_SECONDS

    def _note_stored(self, rows: Sequence[Row], stored: int) -> None:
        if self.retry_at_seconds is not None:
            log.info("alerts are stored again")
        self.retry_at_seconds = None
        metrics.STORED.inc(stored)
        metrics.DUPLICATES.inc(len(rows) - stored)
        now_ms = self.now_ms()
        for row in rows:
            metrics.DELAY_SECONDS.observe(max(0, now_ms - row["detected_at_ms"]) / 1000)

    def _forget(self, partitions: Set[int]) -> Commits:
        """Of these nothing waits any more; where each of them goes on."""
        owned = [partition for partition in partitions if partition in self.ends]
        self.waiting = {p: rows for p, rows in self.waiting.items() if p not in partitions}
        self._observe()
        return {p: OffsetAndMetadata(self.ends.pop(p), "", -1) for p in owned}

    def _observe(self) -> None:
        metrics.WAITING.set(sum(len(rows) for rows in self.waiting.values()))
