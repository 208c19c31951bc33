"""The website's database: a file of SQLite's, or a PostgreSQL server. Who uses it: all of it.

with reading(engine) as connection: ...   # one snapshot, no lock
with writing(engine) as connection: ...   # one transaction, committed at its end
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry

BUSY_SECONDS = 5.0
CONNECT_SECONDS = 3
STATEMENT_SECONDS = 10
POOL_CONNECTIONS = 10
POOL_WAIT_SECONDS = 5.0

BEGIN_OPTION = "dronewatch_begin"
TURN_OPTION = "dronewatch_turn"


def database_url(text: str, password: str | None = None) -> URL:
    """A PostgreSQL URL (postgresql://user@host/name), or else a file of SQLite's; ValueError.

    The password, where given, goes before one in the URL.
    """
    if "://" not in text:
        return URL.create("sqlite", database=str(Path(text)))
    try:
        url = make_url(text)
    except (ArgumentError, ValueError) as error:
        raise ValueError("it is no URL") from error
    if url.get_backend_name() not in ("postgresql", "postgres") or not url.database:
        raise ValueError("it is neither a file's path nor postgresql://user@host/name")
    return url.set(drivername="postgresql+psycopg", password=password or url.password)


def is_sqlite(engine: Engine | Connection) -> bool:
    """Whether the database is a file."""
    return engine.dialect.name == "sqlite"


def database_engine(url: URL) -> Engine:
    """Connects with its first use; a thread may use it beside others."""
    if url.get_backend_name() == "sqlite":
        return _sqlite(url)
    return create_engine(
        url,
        pool_size=POOL_CONNECTIONS,
        max_overflow=0,
        pool_timeout=POOL_WAIT_SECONDS,
        # Of a server that was started anew: asked before each use.
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": CONNECT_SECONDS,
            # A server that went away without a word is found out by the kernel.
            "tcp_user_timeout": STATEMENT_SECONDS * 1000,
            "options": f"-c statement_timeout={STATEMENT_SECONDS}s -c timezone=UTC",
            "application_name": "dronewatch-website",
            # A server without an encoding (SQL_ASCII) would give bytes for texts.
            "client_encoding": "utf8",
        },
    )


def _sqlite(url: URL) -> Engine:
    engine = create_engine(
        url,
        pool_timeout=POOL_WAIT_SECONDS,
        connect_args={"timeout": BUSY_SECONDS},
        # Who waits for the lock of SQLite sleeps, longer each time; here the next goes on at once.
        execution_options={TURN_OPTION: Lock()},
    )
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", _begin)
    return engine


def _set_up(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    """Readers beside one writer; what is committed outlives even a power cut."""
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    """Who will write says so at once: a reader that wants to write later is refused, not queued."""
    options: dict[str, Any] = dict(connection.get_execution_options())
    connection.exec_driver_sql(options.get(BEGIN_OPTION, "BEGIN"))


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection for queries; nothing done with it stays."""
    with engine.connect() as connection:
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A connection whose changes are committed together, or, after an exception, not at all."""
    turn = engine.get_execution_options().get(TURN_OPTION, nullcontext())
    with turn, engine.connect() as connection:
        ready = connection.execution_options(**{BEGIN_OPTION: "BEGIN IMMEDIATE"})
        with ready.begin():
            yield ready
