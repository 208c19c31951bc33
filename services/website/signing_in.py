"""Name and password to a user: slow on purpose, throttled, the same for names that do not exist."""

import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Engine, select

from services.website.database import reading
from services.website.schema import users
from services.website.throttle import Attempt, begun, forget

PASSWORD_CHARACTERS_MAX = 1_024
# Each takes 64 MiB while it lasts.
AT_ONCE = 2

_hasher = PasswordHasher()
_slots = threading.BoundedSemaphore(AT_ONCE)
# Of no password: what is checked for a name that does not exist takes as long.
_NOBODY = _hasher.hash("nobody")


class TooManyAttemptsError(Exception):
    """This name or address failed too often lately."""


def signed_in_user_id(engine: Engine, attempt: Attempt, password: str) -> int | None:
    """The user whose name and password these are; None if they are wrong. TooManyAttemptsError."""
    attempt_id = begun(engine, attempt)
    if attempt_id is None:
        raise TooManyAttemptsError
    with reading(engine) as connection:
        found = connection.execute(
            select(users.c.user_id, users.c.password_hash).where(users.c.name == attempt.name)
        ).one_or_none()
    is_right = _is_right(found.password_hash if found else _NOBODY, password)
    if found is None or not is_right:
        return None
    forget(engine, attempt_id)
    user_id: int = found.user_id
    return user_id


def _is_right(password_hash: str, password: str) -> bool:
    if len(password) > PASSWORD_CHARACTERS_MAX:
        return False
    try:
        with _slots:
            return _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError, UnicodeError):
        return False
