"""Bench: what the website asks of its database when there are very many alerts in it.

The peer: OFFSET paging, as one would write it without a cursor, of the same depth in the same run.
"""

import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from shutil import disk_usage
from statistics import median
from tempfile import gettempdir

import click
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from bench.asking import CURSOR, OFFSET, Ask, asked_by
from bench.crowded import ROW_BYTES, fill, seen_at_ms
from bench.storing import made_rows
from bench.tables import Figure, Row, Table, ratio
from local.postgres import running_postgres
from local.progress import announce
from services.website.database import STATEMENT_SECONDS, database_engine, database_url, reading
from services.website.queries import PAGE_ROWS
from services.website.retention import BATCH_ROWS, delete_alerts
from services.website.storing import store

ROUNDS = 5
STORED_ROWS = 100
GIVEN_UP = f"over {STATEMENT_SECONDS:,} s"
HOW = (
    f"Milliseconds: the median of {ROUNDS} after one that does not count, so that what is asked for"
    f" is in memory. A page has {PAGE_ROWS} alerts. PostgreSQL as Debian sets it up, but for fsync,"
    f" which is off. {GIVEN_UP}: given up, as the website does.",
    "What is found nowhere, or once, in the oldest alert, is the hardest to look for.",
    "The peer: the page at the same depth by OFFSET. The ratios are ours to it.",
)
KINDS = ("SQLite", "PostgreSQL")

Figures = Mapping[str, Figure]


def big_tables_table(folder: Path, rows: int, sqlite_rows: int) -> Table:
    """Each query, in SQLite and in PostgreSQL, which has `rows`."""
    title = f"website: {sqlite_rows:,} alerts in SQLite, {rows:,} in PostgreSQL"
    announce(title)
    if disk_usage(gettempdir()).free < rows * ROW_BYTES:
        raise click.ClickException(f"{rows:,} alerts need {rows * ROW_BYTES / 1e9:.0f} GB of disk")
    with running_postgres() as server:
        places = ((str(folder / "crowded.sqlite"), sqlite_rows), (server.url(), rows))
        found = [figures(place, count) for place, count in places]
    load = f"Load of the machine afterwards: {os.getloadavg()[0]:.1f}."
    return Table(title, (*HOW, load), tuple(table_rows(dict(zip(KINDS, found, strict=True)))))


def table_rows(found: Mapping[str, Figures]) -> list[Row]:
    """A row for each thing asked, a column for each kind of database."""
    asked = next(iter(found.values()))
    rows = [{"what": what, **{f"{kind} ms": found[kind][what] for kind in found}} for what in asked]
    ratios = {f"ratio {kind}": _cursor_ratio(figures) for kind, figures in found.items()}
    return [{**row, **ratios} if row["what"] == OFFSET else row for row in rows]


def figures(place: str, rows: int) -> Figures:
    """Of a new database with so many alerts: milliseconds by what is asked, or GIVEN_UP."""
    engine = database_engine(database_url(place))
    try:
        fill(engine, rows)
        read = {
            what: _milliseconds(partial(_read, engine, ask)) for what, ask in asked_by(rows).items()
        }
        return {**read, **_changes(engine, rows)}
    finally:
        engine.dispose()


def _changes(engine: Engine, rows: int) -> Figures:
    new = iter(made_rows((ROUNDS + 1) * STORED_ROWS))
    batches = iter([[next(new) for _ in range(STORED_ROWS)] for _ in range(ROUNDS + 1)])
    before_ms = seen_at_ms(rows)
    return {
        f"{STORED_ROWS} alerts stored": _milliseconds(lambda: store(engine, next(batches))),
        f"retention: {BATCH_ROWS:,} of the oldest deleted": _milliseconds(
            lambda: delete_alerts(engine, before_ms, BATCH_ROWS)
        ),
    }


def _read(engine: Engine, ask: Ask) -> None:
    with reading(engine) as connection:
        ask(connection)


def _milliseconds(work: Callable[[], object]) -> float | str:
    """The first time only says whether it comes to an end."""
    with suppress(OperationalError):
        return median([_seconds(work) for _ in range(ROUNDS + 1)][1:]) * 1000
    return GIVEN_UP


def _seconds(work: Callable[[], object]) -> float:
    began_seconds = time.perf_counter()
    work()
    return time.perf_counter() - began_seconds


def _cursor_ratio(figures: Figures) -> float | None:
    ours, peers = figures[CURSOR], figures[OFFSET]
    both = isinstance(ours, float) and isinstance(peers, float)
    return ratio(float(ours or 0), float(peers or 0)) if both else None
