"""Databases made, opened and dropped for a test, of each kind."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest
from sqlalchemy import Engine, NullPool, create_engine, text

from local.postgres import NoPostgresError, PostgresServer, running_postgres
from services.website.database import database_engine, database_url


@contextmanager
def postgres_or_skip() -> Iterator[PostgresServer]:
    try:
        with running_postgres() as server:
            yield server
    except NoPostgresError as error:
        pytest.skip(f"NOT TESTED WITH POSTGRESQL: {error}")


@contextmanager
def fresh_database(postgres_url: str, options: str = "") -> Iterator[str]:
    """The URL of a new, empty database on that server; dropped at the end."""
    name = f"test_{uuid4().hex[:12]}"
    _administer(postgres_url, f"CREATE DATABASE {name} {options}")
    try:
        yield database_url(postgres_url).set(database=name).render_as_string(hide_password=False)
    finally:
        _administer(postgres_url, f"DROP DATABASE {name} WITH (FORCE)")


def _administer(postgres_url: str, statement: str) -> None:
    url = database_url(postgres_url)
    server = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with server.connect() as connection:
        connection.execute(text(statement))


@contextmanager
def opened(place: str) -> Iterator[Engine]:
    """An engine of it, its connections closed at the end."""
    engine = database_engine(database_url(place))
    try:
        yield engine
    finally:
        engine.dispose()
