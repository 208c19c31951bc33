"""Who may sign in is said by a command; passwords come from a file, the environment or a prompt."""

from pathlib import Path

import pytest
from argon2 import PasswordHasher
from click.testing import CliRunner, Result
from sqlalchemy import Engine, func, insert, select

from services.website.database import reading, writing
from services.website.schema import sessions, users
from services.website.users import main

PASSWORD = "correct horse battery"
OTHER = "another horse battery"


def run(place: str, *arguments: str, password: str | None = PASSWORD) -> Result:
    environ = {"DRONEWATCH_DATABASE": place, "DRONEWATCH_USER_PASSWORD": password}
    return CliRunner().invoke(main, arguments, env=environ)


def stored_hash(engine: Engine, name: str) -> str:
    with reading(engine) as connection:
        return str(connection.scalar(select(users.c.password_hash).where(users.c.name == name)))


def test_a_user_is_added_with_an_argon2_hash(place: str, engine: Engine) -> None:
    assert run(place, "add", "otto", "--role", "operator").exit_code == 0
    assert stored_hash(engine, "otto").startswith("$argon2id$")
    assert PasswordHasher().verify(stored_hash(engine, "otto"), PASSWORD)
    assert run(place, "list").output == "otto\toperator\n"


def test_a_first_user_makes_the_database(sqlite_place: str) -> None:
    assert run(sqlite_place, "add", "otto", "--role", "viewer").exit_code == 0
    assert run(sqlite_place, "list").output == "otto\tviewer\n"


def test_a_password_is_read_from_a_file(
    sqlite_place: str, sqlite_engine: Engine, tmp_path: Path
) -> None:
    file = tmp_path / "password"
    file.write_text(f"{OTHER}\n")
    arguments = ("add", "otto", "--role", "viewer", "--password-file", str(file))
    assert run(sqlite_place, *arguments).exit_code == 0
    assert PasswordHasher().verify(stored_hash(sqlite_engine, "otto"), OTHER)


def test_another_password_or_removal_ends_sessions(place: str, engine: Engine) -> None:
    for change in (("password", "otto"), ("remove", "otto")):
        run(place, "add", "otto", "--role", "operator")
        with writing(engine) as connection:
            user_id = connection.scalar(select(users.c.user_id))
            times = {"created_at_ms": 1, "expires_at_ms": 2}
            connection.execute(insert(sessions).values(key_hash="k", user_id=user_id, **times))
        assert run(place, *change, password=OTHER).exit_code == 0
        with reading(engine) as connection:
            assert connection.scalar(select(func.count()).select_from(sessions)) == 0


@pytest.mark.parametrize(
    ("arguments", "password", "exit_code", "said"),
    [
        (("add", "otto", "--role", "viewer"), None, 2, "no password"),
        (("add", "otto", "--role", "viewer"), "short", 2, "a password has 10 to 1024 characters"),
        (("add", "otto", "--role", "king"), PASSWORD, 2, "'king' is not one of"),
        (("add", " otto", "--role", "viewer"), PASSWORD, 2, "printable characters"),
        (("add", "o\0tto", "--role", "viewer"), PASSWORD, 2, "printable characters"),
        (("remove", "nobody"), PASSWORD, 1, "there is no user nobody"),
        (("password", "nobody"), PASSWORD, 1, "there is no user nobody"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(
    sqlite_place: str, arguments: tuple[str, ...], password: str | None, exit_code: int, said: str
) -> None:
    done = run(sqlite_place, *arguments, password=password)
    assert (done.exit_code, said in done.output) == (exit_code, True), done.output


def test_a_name_is_given_once(sqlite_place: str) -> None:
    run(sqlite_place, "add", "otto", "--role", "viewer")
    again = run(sqlite_place, "add", "otto", "--role", "operator")
    assert (again.exit_code, again.output) == (1, "Error: there is a user otto already\n")


@pytest.mark.parametrize(
    ("place", "exit_code", "said"),
    [
        ("/nowhere/website.sqlite", 1, "the database fails: unable to open database file"),
        ("mysql://localhost/x", 2, "neither a file's path nor postgresql://"),
        ("postgresql://localhost:x/y", 2, "it is no URL"),
        ("postgresql://u@127.0.0.1:1/y", 1, "the database fails: "),
    ],
)
def test_a_database_that_is_not_there_is_said_in_a_line(
    place: str, exit_code: int, said: str
) -> None:
    done = run(place, "list")
    assert (done.exit_code, said in done.output) == (exit_code, True), done.output
    assert "Traceback" not in done.output


def test_a_first_user_is_added_once_and_never_takes_the_place_of_another(place: str) -> None:
    first = ("add", "boss", "--role", "operator", "--first")
    assert run(place, *first).exit_code == 0
    assert run(place, *first, password=OTHER).exit_code == 0
    assert run(place, "list").output == "boss\toperator\n"
    run(place, "add", "otto", "--role", "operator")
    run(place, "remove", "boss")
    assert run(place, *first).exit_code == 0
    assert run(place, "list").output == "otto\toperator\n"
