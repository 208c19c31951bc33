"""Writes a history file, and the ledger of its rows. For `python -m simulator history`.

The ledger is a file of JSON lines, one a row: its line number in the file (the header is line 1),
and the id of its report, or what is wrong with it.
"""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, nullcontext
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import click
import msgspec
from msgspec import Struct
from tqdm import tqdm

from simulator.history import HEADER, History, Line, lines

BATCH_LINES = 1_000
FIRST_LINE_NUMBER = 2
STANDARD_OUTPUT = Path("-")


class Entry(Struct, frozen=True, gc=False, omit_defaults=True):
    """One row of the file; report_id is None for a row that no loader may send."""

    line: int
    report_id: str | None = None
    fault: str | None = None


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Entry)


def write_history(history: History, file: Path, ledger: Path | None) -> None:
    """Write both, from the first row on. ClickException if one is there or cannot be written."""
    try:
        with ExitStack() as stack:
            rows = stack.enter_context(_created(file))
            entries = stack.enter_context(_created(ledger)) if ledger else None
            rows.write(HEADER + b"\n")
            for number, batch in _progress(history, _batches(lines(history))):
                rows.write(b"".join([line.text + b"\n" for line in batch]))
                if entries:
                    entries.write(_encoder.encode_lines(_entries(batch, number)))
    except BrokenPipeError:
        # Whoever read has enough: click knows what to do then.
        raise
    except OSError as error:
        message = f"cannot write {error.filename or file}: {error.strerror}"
        raise click.ClickException(message) from error


def entries(path: Path) -> Iterator[Entry]:
    """The entries of a ledger, in the order of the rows."""
    with path.open("rb") as found:
        yield from map(_decoder.decode, found)


def report_ids(rows: Iterable[Entry]) -> Counter[str]:
    """Of the sound rows; some summonses stand there more than once."""
    return Counter(row.report_id for row in rows if row.report_id is not None)


def unsound_lines(rows: Iterable[Entry]) -> list[int]:
    """The line numbers of the others."""
    return [row.line for row in rows if row.report_id is None]


def _created(path: Path) -> AbstractContextManager[BinaryIO]:
    """A new file: what stands there may be somebody's years of summonses. Or standard output."""
    return nullcontext(sys.stdout.buffer) if path == STANDARD_OUTPUT else path.open("xb")


def _batches(rows: Iterator[Line]) -> Iterator[list[Line]]:
    return iter(lambda: list(islice(rows, BATCH_LINES)), [])


def _entries(batch: Iterable[Line], number: int) -> list[Entry]:
    first = FIRST_LINE_NUMBER + number * BATCH_LINES
    return [Entry(first + at, line.report_id, line.fault) for at, line in enumerate(batch)]


def _progress(history: History, batches: Iterator[list[Line]]) -> Iterator[tuple[int, list[Line]]]:
    """The batches with their numbers, and on a terminal a bar."""
    hidden = not sys.stderr.isatty()
    with tqdm(total=history.rows, unit=" rows", unit_scale=True, disable=hidden) as shown:
        for numbered in enumerate(batches):
            yield numbered
            shown.update(len(numbered[1]))
