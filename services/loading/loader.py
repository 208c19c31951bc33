"""One text from where its checkpoint stands to its end, batch by batch."""

from collections import deque
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

# Unacknowledged rows at most, and so what a kill may send twice. They are sent, awaited and noted
# in halves: while the first is on its way the second is made. (Made and sent row by row, each would
# cost a third more: the processor's caches hold either the one or the other.)
BATCH_ROWS = 2_000
HALF_ROWS = BATCH_ROWS // 2
HALF_BYTES = 1024 * 1024
HALF_SECONDS = 1.0
# A slow rate wants smaller halves than a full one.
RATED_HALF_SECONDS = 0.2
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
    def half_rows(self) -> int:
        """Of half a batch, at most."""
        if self.rows_per_second is None:
            return HALF_ROWS
        return max(1, min(HALF_ROWS, int(self.rows_per_second * RATED_HALF_SECONDS)))

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
        self.half_rows = control.bounds.half_rows
        self.counts_before = journal.checkpoint.counts
        self.half = Batch(journal.checkpoint.position)
        self.half_began_seconds = monotonic()
        # Handed over and not noted yet; the first must not be passed over.
        self.waiting: deque[Batch] = deque()
        self.rows_done = 0
        self.rejected_done = 0

    def run(self) -> Ending:
        """Whatever ends it, what is acknowledged by then is noted.

        Unreadable, TooManyRejected, ClickException (journal), KafkaError (refused) if it fails.
        """
        try:
            ending = self._read()
            self._settle_all(is_done=ending is Ending.DONE)
        except Stopped:
            ending = Ending.STOPPED
            with suppress(Stopped):
                self._settle_waiting()
        except (Unreadable, TooManyRejected):
            with suppress(Stopped):
                self._settle_all()
            raise
        return ending

    def _read(self) -> Ending:
        self._judge(JUDGED_ROWS)
        for row, judgement in self.rows:
            self._take(row, judgement)
            if self._is_half_full(row.end):
                self._finish_half()
            if self.stop.is_set():
                return Ending.STOPPED
            if self.rows_done == self.bounds.rows:
                return Ending.LIMIT
        self._judge(1)
        return Ending.DONE

    def _take(self, row: Row, judgement: Report | Rejection) -> None:
        self.half.last = row
        self.rows_done += 1
        if isinstance(judgement, Rejection):
            self.half.reject(row, judgement)
            self.rejected_done += 1
            self._judge(JUDGED_ROWS)
        else:
            self.half.reports.append(judgement)

    def _judge(self, least_rows: int) -> None:
        rows = self.counts_before.rows + self.rows_done
        rejected_rows = self.counts_before.rejected_rows + self.rejected_done
        if rows >= least_rows and rejected_rows > self.bounds.rejected_share * rows:
            raise TooManyRejected(f"{rejected_rows:,} of {rows:,} rows rejected (--max-rejected)")

    def _is_half_full(self, end: int) -> bool:
        return (
            self.half.rows >= self.half_rows
            or end - self.half.start.offset >= HALF_BYTES
            or monotonic() - self.half_began_seconds >= HALF_SECONDS
        )

    def _finish_half(self) -> None:
        rows = self.half.rows
        self._hand_over()
        while len(self.waiting) > 1:
            self._settle_first()
        if self.bounds.rows_per_second:
            due_seconds = self.half_began_seconds + rows / self.bounds.rows_per_second
            self.stop.wait(max(0.0, due_seconds - monotonic()))
        self.half_began_seconds = monotonic()

    def _hand_over(self) -> None:
        """Send the half; Stopped if not all of it could be: then it counts as not sent."""
        half, self.half = self.half, Batch(self.half.position)
        if self.outlet:
            half.unacknowledged = self.outlet.send(half.reports)
        self.waiting.append(half)

    def _settle_all(self, is_done: bool = False) -> None:
        self._hand_over()
        self._settle_waiting(is_done)

    def _settle_waiting(self, is_done: bool = False) -> None:
        while self.waiting:
            self._settle_first(is_done and len(self.waiting) == 1)

    def _settle_first(self, is_done: bool = False) -> None:
        """Note it once all of it is acknowledged; Stopped if that cannot be awaited."""
        first = self.waiting[0]
        if self.outlet:
            self.outlet.settle(first.unacknowledged)
        if first.rows or is_done:
            self.journal.advance(first, is_done)
        self.waiting.popleft()
        self.show(self.journal.checkpoint)
