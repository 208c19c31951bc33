"""`python -m services.website.users`: who may sign in. Passwords are never arguments."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from argon2 import PasswordHasher
from sqlalchemy import Connection, Engine, delete, func, insert, select, update

from services.runtime.clock import now_ms
from services.runtime.settings import component_command
from services.website.database import reading, writing
from services.website.options import database_options, ready_database
from services.website.schema import ROLES, Role, sessions, users

PASSWORD_VARIABLE = "DRONEWATCH_USER_PASSWORD"
PASSWORD_CHARACTERS = range(10, 1_025)
NAME_CHARACTERS_MAX = 64

Command = Callable[..., Any]


class UnknownUserError(Exception):
    """There is no user of that name."""


class UserExistsError(Exception):
    """There is a user of that name already."""


def add_user(connection: Connection, name: str, role: Role, password: str) -> None:
    """A new user; UserExistsError. Within `writing`."""
    if connection.scalar(select(users.c.user_id).where(users.c.name == name)) is not None:
        raise UserExistsError(f"there is a user {name} already")
    made = {"name": name, "role": role, "created_at_ms": now_ms()}
    connection.execute(insert(users).values(password_hash=PasswordHasher().hash(password), **made))


def add_first_user(connection: Connection, name: str, role: Role, password: str) -> None:
    """A new user unless there is any. Within `writing`."""
    if connection.scalar(select(func.count()).select_from(users)) == 0:
        add_user(connection, name, role, password)


def change_password(connection: Connection, name: str, password: str) -> None:
    """Whoever is signed in under that name has to do it again; UnknownUserError."""
    named = users.c.name == name
    user_id = connection.scalar(select(users.c.user_id).where(named))
    if user_id is None:
        raise UnknownUserError(f"there is no user {name}")
    new = PasswordHasher().hash(password)
    connection.execute(update(users).where(named).values(password_hash=new))
    connection.execute(delete(sessions).where(sessions.c.user_id == user_id))


def remove_user(connection: Connection, name: str) -> None:
    """Their sessions end with them; UnknownUserError."""
    if not connection.execute(delete(users).where(users.c.name == name)).rowcount:
        raise UnknownUserError(f"there is no user {name}")


def user_name(_context: click.Context, _parameter: click.Parameter, name: str) -> str:
    """A name as it may be: printable, no blanks around it."""
    if not (name.isprintable() and name == name.strip() and 0 < len(name) <= NAME_CHARACTERS_MAX):
        raise click.BadParameter(f"1 to {NAME_CHARACTERS_MAX} printable characters")
    return name


def password_option(command: Command) -> Command:
    """Adds the option of a file with the password."""
    option = click.option(
        "--password-file",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help=f"File that holds the password; or set {PASSWORD_VARIABLE}; or you are asked.",
    )
    return option(command)


def chosen_password(file: Path | None) -> str:
    """From the file, the environment, or the person at the terminal; UsageError."""
    given = file.read_text().strip("\r\n") if file else os.environ.get(PASSWORD_VARIABLE)
    if given is None and not sys.stdin.isatty():
        raise click.UsageError(f"no password: use --password-file or set {PASSWORD_VARIABLE}")
    password = given or str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    if len(password) not in PASSWORD_CHARACTERS:
        raise click.UsageError(f"a password has {PASSWORD_CHARACTERS.start} to 1024 characters")
    return password


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Who may sign in: viewers look on, operators act and are told citizens' names."""


@component_command("add")
@database_options
@click.argument("name", callback=user_name)
@click.option("--role", type=click.Choice(ROLES), required=True)
@click.option("--first", is_flag=True, help="Only if there is no user yet; else nothing is done.")
@password_option
def add(engine: Engine, name: str, role: Role, first: bool, password_file: Path | None) -> None:
    """Add the user NAME."""
    password = chosen_password(password_file)
    added = add_first_user if first else add_user
    _change(engine, lambda connection: added(connection, name, role, password))


@component_command("password")
@database_options
@click.argument("name", callback=user_name)
@password_option
def password(engine: Engine, name: str, password_file: Path | None) -> None:
    """Give the user NAME another password; their sessions end."""
    chosen = chosen_password(password_file)
    _change(engine, lambda connection: change_password(connection, name, chosen))


@component_command("remove")
@database_options
@click.argument("name", callback=user_name)
def remove(engine: Engine, name: str) -> None:
    """Remove the user NAME; their sessions end."""
    _change(engine, lambda connection: remove_user(connection, name))


@component_command("list")
@database_options
def show(engine: Engine) -> None:
    """Print names and roles, a line each."""
    with ready_database(engine), reading(engine) as connection:
        for user in connection.execute(select(users.c.name, users.c.role).order_by(users.c.name)):
            click.echo(f"{user.name}\t{user.role}")


def _change(engine: Engine, change: Callable[[Connection], None]) -> None:
    try:
        with ready_database(engine), writing(engine) as connection:
            change(connection)
    except (UnknownUserError, UserExistsError) as error:
        raise click.ClickException(str(error)) from error


for command in (add, password, remove, show):
    main.add_command(command)

if __name__ == "__main__":
    main()
