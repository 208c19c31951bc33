"""One text from where its checkpoint stands to its end, batch by batch."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from enum import Enum
from threading import Event
from time import monotonic

from services.loading.checkpoint import Checkpoint
from services.loading.columns import Columns
from services.loading.files import Unreadable
from services.loading.journal import Batch, Journal
from services.loading.lines import Row
from services.loading.pipe import Stopped
from services.loading.reasons import Rejection
from services.loading.rows import report
from services.loading.sending import Outlet
from services.reports.report import Report

# What a kill may send twice. More would cost memory, fewer time: each batch is awaited and noted.
BATCH_ROWS = 2_000
BATCH_BYTES = 2 * 1024 * 1024
BATCH_SECONDS = 1.0
# A slow rate wants smaller batches than a full one.
RATED_BATCH_SECONDS = 0.2
# Of fewer rows a share says nothing about the file.
JUDGED_ROWS = 100

JudgedRow = tuple[Row, Report | Rejection]


class Ending(Enum):
    """Why reading ended."""

    DONE = "the text's end"
    LIMIT = "as many rows as were asked for"
    STOPPED = "told to stop"
    FAILED = "it cannot go on"


class TooManyRejected(Exception):  # noqa: N818 - says what the file is
    """The file is plainly something else: one printable line."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """rows in this run and a second, None without a bound; the share rejected at most (0 to 1)."""

    rows: int | None = None
    rows_per_second: int | None = None
    rejected_share: float = 1.0

    @property
    def batch_rows(self) -> int:
        """A batch's, at most."""
        if self.rows_per_second is None:
            return BATCH_ROWS
        return max(1, min(BATCH_ROWS, int(self.rows_per_second * RATED_BATCH_SECONDS)))

    def after(self, rows_done: int) -> "Bounds":
        """What is left of them."""
        return replace(self, rows=None if self.rows is None else self.rows - rows_done)


@dataclass(frozen=True, slots=True)
class Control:
    """What a run is told, and whom it tells: show is called after each batch."""

    bounds: Bounds
    stop: Event
    show: Callable[[Checkpoint], None]


def judged(rows: Iterable[Row], columns: Columns, today: date) -> Iterator[JudgedRow]:
    """Each row with its report, or with the reason why it has none. Pure."""
    for row in rows:
        fields = row.fields
        yield row, fields if isinstance(fields, Rejection) else report(fields, columns, today)


class Loader:
    """Sends the rows, notes them in the journal; without an outlet it only looks at them."""

    def __init__(
        self, rows: Iterable[JudgedRow], journal: Journal, outlet: Outlet | None, control: Control
    ) -> None:
        self.rows = rows
        self.journal = journal
        self.outlet = outlet
        self.stop = control.stop
        self.show = control.show
        self.bounds = control.bounds
        self.batch_began_seconds = monotonic()
        self.rows_before = journal.checkpoint.counts.rows
        self.batch = Batch(journal.checkpoint.position)

    @property
    def rows_done(self) -> int:
        """In this run, the batch at hand among them."""
        return self.journal.checkpoint.counts.rows - self.rows_before + self.batch.rows

    def run(self) -> Ending:
        """Whatever ends it, what is acknowledged by then is noted.

        Unreadable, TooManyRejected, ClickException (journal), KafkaError (refused) if it fails.
        """
        try:
            ending = self._read()
            self._settle(is_done=ending is Ending.DONE)
        except Stopped:
            ending = Ending.STOPPED
            self._settle_if_possible()
        except (Unreadable, TooManyRejected):
            self._settle_if_possible()
            raise
        return ending

    def _settle_if_possible(self) -> None:
        with suppress(Stopped):
            self._settle()

    def _read(self) -> Ending:
        self._judge(JUDGED_ROWS)
        self._begin_batch()
        for row, judgement in self.rows:
            self._take(row, judgement)
            if self._is_batch_full():
                self._finish_batch()
            if self.stop.is_set():
                return Ending.STOPPED
            if self.rows_done == self.bounds.rows:
                return Ending.LIMIT
        self._judge(1)
        return Ending.DONE

    def _take(self, row: Row, judgement: Report | Rejection) -> None:
        if isinstance(judgement, Rejection):
            self.batch.reject(row, judgement)
            self.batch.position = row.after
            self._judge(JUDGED_ROWS)
            return
        if self.outlet:
            self.outlet.send(judgement)
        self.batch.sent += 1
        self.batch.position = row.after

    def _judge(self, least_rows: int) -> None:
        counts, batch = self.journal.checkpoint.counts, self.batch
        rows = counts.rows + batch.rows
        rejected_rows = counts.rejected_rows + batch.rejected.total()
        if rows >= least_rows and rejected_rows > self.bounds.rejected_share * rows:
            raise TooManyRejected(f"{rejected_rows:,} of {rows:,} rows rejected (--max-rejected)")

    def _is_batch_full(self) -> bool:
        return (
            self.batch.rows >= self.bounds.batch_rows
            or self.batch.position.offset - self.journal.checkpoint.position.offset >= BATCH_BYTES
            or monotonic() - self.batch_began_seconds >= BATCH_SECONDS
        )

    def _finish_batch(self) -> None:
        rows = self.batch.rows
        self._settle()
        if self.bounds.rows_per_second:
            due_seconds = self.batch_began_seconds + rows / self.bounds.rows_per_second
            self.stop.wait(max(0.0, due_seconds - monotonic()))
        self._begin_batch()

    def _begin_batch(self) -> None:
        self.batch_began_seconds = monotonic()
        if self.outlet:
            self.outlet.begin()

    def _settle(self, is_done: bool = False) -> None:
        """Note the batch once all of it is acknowledged; Stopped if that cannot be awaited."""
        if self.outlet:
            self.outlet.settle()
        if self.batch.rows or is_done:
            self.journal.advance(self.batch, is_done)
        self.batch = Batch(self.batch.position)
        self.show(self.journal.checkpoint)
