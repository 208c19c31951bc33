"""The worker behind the consumer loop: records of `alerts` into the database, then the commit."""

import time
from collections.abc import Callable, Sequence, Set
from typing import cast

import structlog
from kafka.structs import OffsetAndMetadata
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from services.reports.codec import Rejection, decoded_alert
from services.stream.group_start import group_start
from services.stream.headed import HeadedRecord, detected_at_ms
from services.stream.worker import Actions, Commits, Fetch, LogRange
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
        self.positions: dict[int, int] = {}
        self.waiting: dict[int, list[Row]] = {}
        self.ends: dict[int, OffsetAndMetadata] = {}
        self.retry_at_seconds: float | None = None

    def start_offset(
        self, partition: int, committed: OffsetAndMetadata | None, log_range: LogRange
    ) -> int:
        """Where the group left off, or the log's start."""
        start = group_start(partition, committed, log_range)
        self.positions[partition] = start
        return start

    def position(self, partition: int) -> int | None:
        """Where the partition's next fetch must begin."""
        return self.positions.get(partition)

    def accept(self, fetch: Fetch) -> None:
        """Let alerts wait for the step that stores them; count and report what is no alert."""
        judged = [(record, self._judged(cast(HeadedRecord, record))) for record in fetch.records]
        for record, row in judged:
            if isinstance(row, Rejection):
                metrics.REFUSED.inc()
                where = {"partition": fetch.partition, "offset": record.offset}
                log.warning("no alert, not stored", reason=row.reason, **where)
        rows = [row for _, row in judged if not isinstance(row, Rejection)]
        self.waiting.setdefault(fetch.partition, []).extend(rows)
        self.positions[fetch.partition] = fetch.end
        self.ends[fetch.partition] = OffsetAndMetadata(fetch.end, "", fetch.leader_epoch)
        self._observe()

    def step(self) -> Actions:
        """Store what waits; what is stored may be committed."""
        is_stored = self._store()
        commits = self._forget(self.ends.keys()) if is_stored else {}
        return Actions(commits, paused=frozenset() if is_stored else frozenset(self.positions))

    def on_committed(self, partitions: Set[int]) -> None:
        """Nothing waits for it."""

    def on_log_cut(self, partition: int, offset: int) -> None:
        """Go on where the log ends now: the database knows an alert by its id."""
        self.positions[partition] = offset

    def drain(
        self,
        partitions: Set[int],
        deadline_seconds: float,  # noqa: ARG002 - the database has time-outs of its own
    ) -> Commits:
        """Store what waits, unless the database is away: then the next owner reads it again."""
        is_stored = self.retry_at_seconds is None and self._store()
        commits = self._forget(partitions) if is_stored else {}
        self.drop(partitions)
        return commits

    def drop(self, partitions: Set[int]) -> None:
        """Forget these partitions."""
        self._forget(partitions)
        for partition in partitions:
            self.positions.pop(partition, None)

    def close(self) -> None:
        """The engine belongs to the pages, too."""

    def _judged(self, record: HeadedRecord) -> Row | Rejection:
        alert = decoded_alert(record.value)
        if isinstance(alert, Rejection):
            return alert
        return row_of(alert, self.now_ms(), detected_at_ms(record))

    def _store(self) -> bool:
        """Store what waits; False if the database is away."""
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
        return {p: self.ends.pop(p) for p in owned}

    def _observe(self) -> None:
        metrics.WAITING.set(sum(len(rows) for rows in self.waiting.values()))
