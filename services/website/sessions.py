"""Who is signed in: a random key in a signed cookie, its hash in the database.

The cookie alone says nothing of who it is: a role changed or a user removed is so at once, for
all replicas, and signing out ends the session, not only the cookie.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field

from itsdangerous import BadSignature, Signer
from sqlalchemy import Engine, delete, insert, select

from services.website.database import reading, writing
from services.website.schema import sessions, users
from services.website.throttle import forget_older
from services.website.user import User

LIFETIME_SECONDS = 12 * 60 * 60
KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody signed in, and what a form of theirs must carry to be known as theirs."""

    user: User
    key: str = field(repr=False)
    csrf_token: str = field(repr=False)


def cookie_of(key: str, session_key: bytes) -> str:
    """What the browser keeps."""
    return Signer(session_key, salt="session").sign(key).decode()


def key_in(cookie: str | None, session_key: bytes) -> str | None:
    """The key in a cookie that we signed."""
    try:
        return Signer(session_key, salt="session").unsign(cookie or "").decode()
    except (BadSignature, UnicodeError):
        return None


def csrf_token(key: str, session_key: bytes) -> str:
    """Bound to the session, and of no use without its cookie."""
    return hmac.new(session_key, b"csrf:" + key.encode(), hashlib.sha256).hexdigest()


def begin_session(engine: Engine, user_id: int, now_ms: int) -> str:
    """A new session's key; sessions and attempts that are over are removed meanwhile."""
    key = secrets.token_urlsafe(KEY_BYTES)
    with writing(engine) as connection:
        forget_older(connection, now_ms)
        connection.execute(delete(sessions).where(sessions.c.expires_at_ms < now_ms))
        connection.execute(
            insert(sessions).values(
                key_hash=_hash(key),
                user_id=user_id,
                created_at_ms=now_ms,
                expires_at_ms=now_ms + LIFETIME_SECONDS * 1000,
            )
        )
    return key


def end_session(engine: Engine, key: str) -> None:
    """Signed out."""
    with writing(engine) as connection:
        connection.execute(delete(sessions).where(sessions.c.key_hash == _hash(key)))


def user_of(engine: Engine, key: str, now_ms: int) -> User | None:
    """Whose session it is, with the role they have now; None if it is over."""
    asked = (
        select(users.c.name, users.c.role)
        .join(sessions, sessions.c.user_id == users.c.user_id)
        .where(sessions.c.key_hash == _hash(key), sessions.c.expires_at_ms > now_ms)
    )
    with reading(engine) as connection:
        found = connection.execute(asked).one_or_none()
    return User(found.name, found.role) if found else None


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
