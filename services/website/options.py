"""Where the website's database is: options that its process and its commands share."""

import functools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from services.website.database import database_engine, database_url
from services.website.failures import cause_of
from services.website.upgrading import NewerDatabaseError, upgrade

PASSWORD_VARIABLE = "DRONEWATCH_DATABASE_PASSWORD"
DATABASE = "website.sqlite"

Command = Callable[..., Any]


def database_options(command: Command) -> Command:
    """Adds the database's options; the command gets them as one `engine`."""

    @click.option(
        "--database",
        default=DATABASE,
        help="A file of SQLite's, or postgresql://user@host/name.",
    )
    @click.option(
        "--database-password-file",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help=f"File that holds PostgreSQL's password; or set {PASSWORD_VARIABLE}.",
    )
    @functools.wraps(command)
    def with_engine(*args: Any, **kwargs: Any) -> Any:
        given, file = kwargs.pop("database"), kwargs.pop("database_password_file")
        password = file.read_text().strip() if file else os.environ.get(PASSWORD_VARIABLE)
        try:
            engine = database_engine(database_url(given, password))
        except ValueError as error:
            raise click.UsageError(f"--database: {error}") from error
        return command(*args, engine=engine, **kwargs)

    return with_engine


@contextmanager
def ready_database(engine: Engine) -> Iterator[None]:
    """Its tables as they must be; for commands, whose end it is if the database fails."""
    try:
        upgrade(engine)
        yield
    except SQLAlchemyError as error:
        raise click.ClickException(f"the database fails: {cause_of(error)}") from error
    except NewerDatabaseError as error:
        raise click.ClickException(f"{error}: use that version's program") from error
    finally:
        engine.dispose()
