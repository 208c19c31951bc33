"""Bench: a backlog on `alerts` through the website into its database.

The peer: the same rows, made before, inserted into the same tables, in batches, with nothing else.
"""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, NullPool, create_engine, insert, text

from bench.arriving import AT_ONCE, SHAPE, made_alerts, send_alerts
from bench.tables import Row, Table, ratio
from local.components import website_command
from local.kafka import running_kafka
from local.ports import free_port
from local.postgres import PostgresServer, running_postgres
from local.processes import Child, Goal, await_until, running, start
from local.progress import announce
from services.stream.connection import KafkaConnection
from services.stream.topics import create_topics
from services.website.database import database_engine, database_url, reading, writing
from services.website.queries import last_seq
from services.website.rows import Row as AlertRow
from services.website.rows import row_of
from services.website.schema import alerts
from services.website.upgrading import upgrade

DATABASES = ("ours", "bare")
# As many as one poll gives.
BATCH_ROWS = 500
LOOK_SECONDS = 0.02
FIRST = Goal("the website should store the first alerts", 60.0)
ALL = Goal("the website should store all alerts", 600.0)
HOW = (
    "From when the first alerts are stored to when all are; pages are served meanwhile, to nobody."
    " SQLite waits for the disk at each commit; PostgreSQL runs with fsync off.",
    f"The peer: executemany of ready rows, {BATCH_ROWS} a transaction, into the same empty tables;"
    " it decodes nothing, counts no states, looks for no alert that is there already and commits"
    " nothing to Kafka.",
    "Broker, database and website share the machine's cores.",
)


@dataclass(frozen=True, slots=True)
class Backlog:
    """Alerts that wait on the topic."""

    connection: KafkaConnection
    alerts: int


def storing_table(folder: Path, count: int) -> Table:
    """In each kind of database."""
    announce(f"website: a backlog of {count:,} alerts to be stored, in SQLite and in PostgreSQL")
    load = f"Load of the machine before: {os.getloadavg()[0]:.1f}."
    with running_kafka(folder / "kafka") as kafka, running_postgres() as postgres:
        create_topics(kafka.connection, [SHAPE])
        send_alerts(kafka.connection, SHAPE.name, made_alerts(count), AT_ONCE)
        backlog = Backlog(kafka.connection, count)
        in_sqlite = [str(folder / f"{name}.sqlite") for name in DATABASES]
        in_postgres = [new_database(postgres, name) for name in DATABASES]
        rows = [
            *kind_rows("SQLite", in_sqlite, backlog, folder),
            *kind_rows("PostgreSQL", in_postgres, backlog, folder),
        ]
    return Table(f"website: a backlog of {count:,} alerts stored", (*HOW, load), tuple(rows))


def kind_rows(kind: str, places: Sequence[str], backlog: Backlog, folder: Path) -> tuple[Row, Row]:
    """Ours and the peer's, in a database each."""
    with _tables(places[0]) as engine:
        website = start(
            "website", _command(places[0], backlog, folder / kind), folder / f"{kind}.log"
        )
        with running(website) as child:
            ours = stored_per_second(engine, child, backlog.alerts)
    with _tables(places[1]) as engine:
        bare = bare_per_second(engine, made_rows(backlog.alerts))
    return (
        {"what": f"{kind} (ours)", "alerts/s": ours},
        {"what": f"{kind}, bare executemany", "alerts/s": bare, "ratio": ratio(ours, bare)},
    )


def made_rows(count: int) -> list[AlertRow]:
    """Of alerts that are not stored yet."""
    rows = (row_of(alert, stored_at_ms=0, detected_at_ms=0) for alert in made_alerts(count))
    return [row for row in rows if isinstance(row, dict)]


def stored_per_second(engine: Engine, child: Child, count: int) -> float:
    """Once it has begun."""
    await_until(lambda: _stored(engine) > 0, [child], FIRST, LOOK_SECONDS)
    first, began_seconds = _stored(engine), time.monotonic()
    await_until(lambda: _stored(engine) >= count, [child], ALL, LOOK_SECONDS)
    return (count - first) / (time.monotonic() - began_seconds)


def bare_per_second(engine: Engine, rows: list[AlertRow]) -> float:
    """Batch after batch."""
    began_seconds = time.monotonic()
    for first in range(0, len(rows), BATCH_ROWS):
        with writing(engine) as connection:
            connection.execute(insert(alerts), rows[first : first + BATCH_ROWS])
    return len(rows) / (time.monotonic() - began_seconds)


def _stored(engine: Engine) -> int:
    with reading(engine) as connection:
        return last_seq(connection)


def new_database(server: PostgresServer, name: str) -> str:
    """Its URL."""
    url = database_url(server.url())
    plain = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with plain.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    return server.url(name)


@contextmanager
def _tables(place: str) -> Iterator[Engine]:
    engine = database_engine(database_url(place))
    upgrade(engine)
    yield engine
    engine.dispose()


def _command(place: str, backlog: Backlog, folder: Path) -> list[str]:
    """The demo's, with another group."""
    command = website_command(backlog.connection, 0, free_port(), place, folder)
    own = ["--group", folder.name, "--session-key-file", f"{folder}.key"]
    return [*command, *own]
