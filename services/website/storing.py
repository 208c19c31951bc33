"""Alerts into the table: each id once, and visible in the order of their seq."""

from collections.abc import Sequence

from sqlalchemy import Connection, Engine, Executable, text
from sqlalchemy.dialects import postgresql, sqlite

from services.website.counting import count
from services.website.database import is_sqlite, writing
from services.website.rows import Row
from services.website.schema import alerts

# Any number that nobody else locks in this database.
STORING_LOCK = 0x616C657274
# Another replica stores, or the server hangs: in this time it is known to the one who waits.
STATEMENT_SECONDS = 4
ID = ("alert_id",)
COUNTED = {"preserve_rowcount": True}


def store(engine: Engine, rows: Sequence[Row]) -> int:
    """Store those that are not stored yet; how many these were. SQLAlchemyError: none of them."""
    if not rows:
        return 0
    with writing(engine) as connection:
        _take_turn(connection)
        done = connection.execute(_insert(connection), list(rows), execution_options=COUNTED)
        stored = done.rowcount
        count(connection, {"new": stored})
    return stored


def _take_turn(connection: Connection) -> None:
    """One stores at a time: a seq is drawn only after all lower ones are visible.

    Else a reader that has seen 12 would never look for the 11 that another is about to commit.
    SQLite has one writer anyway.
    """
    if not is_sqlite(connection):
        connection.execute(text(f"SET LOCAL statement_timeout = '{STATEMENT_SECONDS}s'"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": STORING_LOCK})


def _insert(connection: Connection) -> Executable:
    """Without RETURNING: to make one statement of many rows costs three times as much."""
    insert = sqlite.insert if is_sqlite(connection) else postgresql.insert
    return insert(alerts).on_conflict_do_nothing(index_elements=ID)
