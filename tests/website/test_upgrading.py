"""The migrations make the tables that the program knows, on both databases."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, select, text

from services.website.database import reading, writing
from services.website.queries import counts
from services.website.schema import metadata, users
from services.website.upgrading import NewerDatabaseError, upgrade
from services.website.users import add_user
from tests.website.databases import fresh_database, opened

TRIGRAMS = {"alerts_by_search_text", "alerts_by_search_name"}


def test_migrations_make_the_tables_of_the_schema(engine: Engine) -> None:
    with reading(engine) as connection:
        context = MigrationContext.configure(connection)
        differences = [d for d in compare_metadata(context, metadata) if not _is_search(d)]
    assert differences == []


def _is_search(difference: object) -> bool:
    """PostgreSQL's alone, so the schema does not have them."""
    return isinstance(difference, tuple) and getattr(difference[1], "name", None) in TRIGRAMS


def test_each_state_is_counted_from_the_beginning(engine: Engine) -> None:
    with reading(engine) as connection:
        assert counts(connection) == {"new": 0, "acknowledged": 0, "assigned": 0, "closed": 0}


def test_replicas_that_start_together_upgrade_once(place: str) -> None:
    with ThreadPoolExecutor(4) as replicas:
        started = [replicas.submit(_start, place) for _ in range(4)]
        assert [replica.exception() for replica in started] == [None] * 4


def _start(place: str) -> None:
    with opened(place) as engine:
        upgrade(engine)


def test_a_database_of_a_later_program_is_left_alone(engine: Engine) -> None:
    with writing(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(NewerDatabaseError, match="9999"):
        upgrade(engine)


def test_a_postgresql_whose_databases_have_no_encoding_is_taken(postgres_url: str) -> None:
    of_initdb_without_locale = "ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
    with fresh_database(postgres_url, of_initdb_without_locale) as url, opened(url) as engine:
        upgrade(engine)
        with writing(engine) as connection:
            add_user(connection, "Zoë", "viewer", "correct horse battery")
        with reading(engine) as connection:
            assert connection.scalar(select(users.c.name)) == "Zoë"
