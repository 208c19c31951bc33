"""Real databases for the tests of the website: a file of SQLite's, and a PostgreSQL server."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from local.postgres import PostgresServer
from services.reports import topics
from services.website.upgrading import upgrade
from tests.conftest import FreshTopic
from tests.website.databases import fresh_database, opened, postgres_or_skip
from tests.website.samples import PARTITIONS
from tests.website.served import Served, add_user, served


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """TEST_POSTGRES_URL, or a server of ours; skips, loudly, without."""
    if given := os.environ.get("TEST_POSTGRES_URL"):
        yield given
        return
    with postgres_or_skip() as server:
        yield server.url()


@pytest.fixture
def topic(fresh_topic: FreshTopic) -> str:
    """A topic `alerts` for the website's processes."""
    return fresh_topic(topics.ALERTS, PARTITIONS)


@pytest.fixture
def own_postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL of the test's own, to stop, kill and restart."""
    with postgres_or_skip() as server:
        yield server


@pytest.fixture
def sqlite_place(tmp_path: Path) -> str:
    """A file that is not there yet."""
    return str(tmp_path / "website.sqlite")


@pytest.fixture
def postgres_place(postgres_url: str) -> Iterator[str]:
    """A new, empty database's URL."""
    with fresh_database(postgres_url) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest) -> str:
    """What --database takes: an empty database, once of each kind."""
    kind = {"sqlite": "sqlite_place", "postgresql": "postgres_place"}[request.param]
    return str(request.getfixturevalue(kind))


@pytest.fixture
def engine(place: str) -> Iterator[Engine]:
    """A database with its tables, empty; once of each kind."""
    with opened(place) as made:
        upgrade(made)
        yield made


@pytest.fixture
def sqlite_engine(sqlite_place: str) -> Iterator[Engine]:
    """A database of SQLite's with its tables, empty."""
    with opened(sqlite_place) as made:
        upgrade(made)
        yield made


@pytest.fixture
def site(sqlite_engine: Engine, tmp_path: Path) -> Iterator[Served]:
    """A website on SQLite with a viewer, vera, and an operator, otto; its results are empty."""
    add_user(sqlite_engine, "vera", "viewer")
    add_user(sqlite_engine, "otto", "operator")
    with served(sqlite_engine, tmp_path / "results") as running:
        yield running
