"""Attempts to sign in, in the database, so that replicas share them."""

from dataclasses import dataclass

from sqlalchemy import Connection, Engine, delete, func, insert, select

from services.website.database import reading, writing
from services.website.schema import attempts

WINDOW_MS = 15 * 60 * 1000
BY_NAME_MAX = 10
# Behind one address there may be a whole office.
BY_ADDRESS_MAX = 50
NAME_KEPT_CHARACTERS = 128


@dataclass(frozen=True, slots=True)
class Attempt:
    """Somebody tries to sign in under a name, from an address."""

    name: str
    address: str
    at_ms: int


def begun(engine: Engine, attempt: Attempt) -> int | None:
    """The attempt's id, or None if there were too many lately.

    It is written down before it is counted: of attempts at once, none is overlooked. One that is
    refused does not count: who waits gets in.
    """
    with writing(engine) as connection:
        attempt_id: int = connection.execute(
            insert(attempts)
            .values(at_ms=attempt.at_ms, name=_kept(attempt), address=attempt.address)
            .returning(attempts.c.attempt_id)
        ).scalar_one()
    with reading(engine) as connection:
        is_allowed = _is_allowed(connection, attempt)
    if is_allowed:
        return attempt_id
    forget(engine, attempt_id)
    return None


def forget(engine: Engine, attempt_id: int) -> None:
    """It was refused, or the password was right."""
    with writing(engine) as connection:
        connection.execute(delete(attempts).where(attempts.c.attempt_id == attempt_id))


def forget_older(connection: Connection, now_ms: int) -> None:
    """Those that count no more."""
    connection.execute(delete(attempts).where(attempts.c.at_ms < now_ms - WINDOW_MS))


def _is_allowed(connection: Connection, attempt: Attempt) -> bool:
    since = attempt.at_ms - WINDOW_MS
    by_name, by_address = (
        connection.execute(
            select(func.count()).where(column == value, attempts.c.at_ms > since)
        ).scalar_one()
        for column, value in (
            (attempts.c.name, _kept(attempt)),
            (attempts.c.address, attempt.address),
        )
    )
    return bool(by_name <= BY_NAME_MAX and by_address <= BY_ADDRESS_MAX)


def _kept(attempt: Attempt) -> str:
    return attempt.name[:NAME_KEPT_CHARACTERS]
