"""The website in the demo: its users and its process. For local.base."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from local.components import WEBSITE, user_command, website_command
from local.ports import HOST, free_port, is_ready, is_taken
from local.processes import Child, Goal, await_end, await_until, running, start
from local.progress import announce
from services.stream.connection import KafkaConnection
from simulator.city_map import city_geojson

DATABASE, KEY, LOG = "website.sqlite", "website.key", "website.log"
USER_SECONDS = 60.0
SERVING = Goal("the website should serve its pages", 60.0)


@dataclass(frozen=True, slots=True)
class Login:
    """Who may sign in."""

    name: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Website:
    """Its process, its address (http://, without a path), and who may sign in."""

    child: Child
    address: str
    operator: Login
    viewer: Login


@contextmanager
def running_website(
    connection: KafkaConnection, folder: Path, wanted_port: int, database: str = ""
) -> Iterator[Website]:
    """A website that serves, on this port or else a free one; stopped at the end, its data stay.

    Without the URL of a database its data are a file of SQLite's in the folder.

    ClickException if it cannot start.
    """
    where = database or str(folder / DATABASE)
    operator, viewer = _added("operator", folder, where), _added("viewer", folder, where)
    port, health_port, results = _port(wanted_port), free_port(), folder / "results"
    command = website_command(connection, health_port, port, where, results)
    files = ["--map-file", str(_city_map(folder)), "--session-key-file", str(folder / KEY)]
    with running(start(WEBSITE, [*command, *files], folder / LOG)) as child:
        await_until(partial(is_ready, health_port), [child], SERVING)
        yield Website(child, f"http://{HOST}:{port}", operator, viewer)


def login_lines(website: Website) -> list[str]:
    """Where it is and how to get in, as lines to read."""
    operator, viewer = website.operator, website.viewer
    return [
        f"Website  {website.address}/",
        f"Sign in  as {operator.name} with password {operator.password},"
        f" or as {viewer.name} with password {viewer.password}",
    ]


def _city_map(folder: Path) -> Path:
    """The districts of the simulator's city, as a file."""
    file = folder / "city.geojson"
    file.write_bytes(city_geojson())
    return file


def _added(role: str, folder: Path, database: str) -> Login:
    """A new user, whose password is kept in a file that only we can read."""
    login, password_file = Login(role, secrets.token_hex(8)), folder / f"website-{role}.password"
    password_file.touch(mode=0o600)
    password_file.write_text(login.password)
    command = user_command(role, database, password_file)
    with running(start(f"adding the {role}", command, folder / LOG)) as adding:
        await_end(adding, USER_SECONDS)
    return login


def _port(wanted: int) -> int:
    if not is_taken(wanted):
        return wanted
    port = free_port()
    announce(f"Port {wanted} is not free: the website takes {port}")
    return port
