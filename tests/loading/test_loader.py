"""The loader's checkpoints against acknowledgements that come late, never, or in another order."""

import csv
import threading
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from services.loading.checkpoint import Checkpoint, Identity
from services.loading.files import Unreadable
from services.loading.journal import Journal, Places
from services.loading.lines import Row
from services.loading.loader import (
    BATCH_ROWS,
    HALF_ROWS,
    Bounds,
    Control,
    Ending,
    JudgedRow,
    Loader,
    TooManyRejected,
)
from services.loading.pipe import Stopped
from services.loading.reasons import Reason, Rejection
from services.loading.splitting import Position
from services.reports.report import Report

REPORT = Report("nypd-1", "nypd-history", datetime(2013, 7, 4, tzinfo=UTC), "nypd")
ROW_BYTES = 10


def judged(count: int, rejected: Iterable[int] = ()) -> Iterator[JudgedRow]:
    """Rows 0, 1 ..., of which these are rejected."""
    without = frozenset(rejected)
    for number in range(count):
        start, line = number * ROW_BYTES, number + 1
        row = Row(line, line + 1, start, start + ROW_BYTES, b"x", [])
        yield row, Rejection(Reason.TIME) if number in without else REPORT


class ScriptedOutlet:
    """Acknowledges the first so many reports, and was told to stop when others are awaited."""

    def __init__(self, acknowledged: int) -> None:
        self.acknowledged = acknowledged
        self.sent = 0
        self.unawaited_max = 0
        self.awaited = 0

    def send(self, reports: list[Report]) -> list[int]:
        first = self.sent + 1
        self.sent += len(reports)
        self.unawaited_max = max(self.unawaited_max, self.sent - self.awaited)
        return list(range(first, self.sent + 1))

    def settle(self, unacknowledged: list[int]) -> None:
        if any(number > self.acknowledged for number in unacknowledged):
            raise Stopped
        self.awaited += len(unacknowledged)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    start = Checkpoint(Identity(1, ""), "reports", None, Position(0, 1))
    made = Journal(Places(tmp_path / "checkpoint.json", tmp_path / "rejected.csv"), start)
    made.begin()
    return made


def loader(given: Iterable[JudgedRow], journal: Journal, outlet: Any, **bounds: Any) -> Loader:
    control = Control(Bounds(**bounds), threading.Event(), lambda _checkpoint: None)
    return Loader(given, journal, outlet, control)


def rejected_lines(journal: Journal) -> list[int]:
    assert journal.places.rejected
    if not journal.places.rejected.exists():
        return []
    with journal.places.rejected.open(newline="") as file:
        return [int(line["line_number"]) for line in csv.DictReader(file)]


@pytest.mark.parametrize(
    ("acknowledged", "noted"),
    [
        (0, 0),
        (HALF_ROWS - 1, 0),
        (HALF_ROWS, HALF_ROWS),
        (2 * HALF_ROWS - 1, HALF_ROWS),
        (5 * HALF_ROWS, 5 * HALF_ROWS),
    ],
)
def test_the_checkpoint_never_passes_a_report_that_is_not_acknowledged(
    acknowledged: int, noted: int, journal: Journal
) -> None:
    ending = loader(judged(10 * HALF_ROWS), journal, ScriptedOutlet(acknowledged)).run()

    assert ending is Ending.STOPPED
    assert journal.checkpoint.counts.rows == noted
    assert journal.checkpoint.position == Position(noted * ROW_BYTES, noted + 1)


def test_a_later_half_is_not_noted_before_an_earlier_one(journal: Journal) -> None:
    class Forgetful(ScriptedOutlet):
        def settle(self, unacknowledged: list[int]) -> None:
            if 1 in unacknowledged:
                raise Stopped

    assert loader(judged(3 * HALF_ROWS), journal, Forgetful(0)).run() is Ending.STOPPED
    assert journal.checkpoint.counts.rows == 0


def test_a_half_of_which_a_part_was_sent_is_not_noted(journal: Journal) -> None:
    class Away(ScriptedOutlet):
        def send(self, reports: list[Report]) -> list[int]:
            if self.sent:
                raise Stopped
            return super().send(reports)

    assert loader(judged(3 * HALF_ROWS), journal, Away(BATCH_ROWS)).run() is Ending.STOPPED
    assert journal.checkpoint.counts.rows == HALF_ROWS


def test_no_more_than_a_batch_is_unacknowledged(journal: Journal) -> None:
    outlet = ScriptedOutlet(10 * BATCH_ROWS)
    assert loader(judged(4 * BATCH_ROWS), journal, outlet).run() is Ending.DONE
    assert HALF_ROWS < outlet.unawaited_max <= BATCH_ROWS


def test_rejected_rows_are_noted_with_the_rows_around_them(journal: Journal) -> None:
    rejected = (0, HALF_ROWS - 1, HALF_ROWS, 2 * HALF_ROWS + 5)
    outlet = ScriptedOutlet(2 * HALF_ROWS - 3)

    loader(judged(3 * HALF_ROWS, rejected), journal, outlet).run()

    assert journal.checkpoint.counts.rows == 2 * HALF_ROWS
    assert journal.checkpoint.counts.rejected == {Reason.TIME.value: 3}
    assert rejected_lines(journal) == [1, HALF_ROWS, HALF_ROWS + 1]


def test_what_came_before_the_damage_is_noted(journal: Journal) -> None:
    def damaged() -> Iterator[JudgedRow]:
        yield from judged(HALF_ROWS + 7, [3])
        raise Unreadable("cannot be read")

    with pytest.raises(Unreadable):
        loader(damaged(), journal, ScriptedOutlet(BATCH_ROWS)).run()

    assert journal.checkpoint.counts.rows == HALF_ROWS + 7
    assert not journal.checkpoint.is_done
    assert rejected_lines(journal) == [4]


def test_a_share_is_judged_from_a_hundred_rows_on(journal: Journal) -> None:
    with pytest.raises(TooManyRejected, match="26 of 100 rows"):
        loader(judged(1_000, range(74, 200)), journal, None, rejected_share=0.25).run()
    assert journal.checkpoint.counts.rows == 100


def test_a_share_of_few_rows_is_judged_at_the_end(journal: Journal) -> None:
    with pytest.raises(TooManyRejected, match="1 of 3 rows"):
        loader(judged(3, [0]), journal, None, rejected_share=0.3).run()
    assert journal.checkpoint.counts.rows == 3


def test_a_limit_leaves_the_next_row_unread(journal: Journal) -> None:
    rows = judged(10)
    assert loader(rows, journal, None, rows=4).run() is Ending.LIMIT
    assert journal.checkpoint.position == Position(4 * ROW_BYTES, 5)
    assert next(rows)[0].line_number == 5
