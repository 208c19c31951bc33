"""A real PostgreSQL server on this machine, for tests and bench; of the system's package.

It refuses to run as root: then it runs as the user `postgres` or `nobody`, in a folder of its own.
"""

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import click

from local.ports import HOST, free_port
from local.processes import Child, Goal, await_until, kill, start, stop

START_SECONDS = 60.0
INITDB_SECONDS = 120.0
PACKAGED = Path("/usr/lib/postgresql")
USERS = ("postgres", "nobody")
NAME = "dronewatch"


class NoPostgresError(click.ClickException):
    """There is no PostgreSQL here."""


@dataclass(slots=True)
class PostgresServer:
    """A server on its port; its data and its log stand in its folder."""

    folder: Path
    port: int
    password: str = field(repr=False)
    child: Child

    def url(self, database: str = "postgres") -> str:
        """The address of one of its databases, with user and password."""
        return f"postgresql://{NAME}:{self.password}@{HOST}:{self.port}/{database}"

    def stop(self) -> None:
        """Stop it cleanly, whoever is connected; restart() brings it back."""
        self.child.popen.send_signal(signal.SIGINT)
        stop(self.child)

    def kill(self) -> None:
        """End it at once, as a crash would."""
        kill(self.child)

    def restart(self) -> None:
        """Start it again with its data, port and password, and wait until it serves."""
        self.stop()
        self.child = _start(self.folder, self.port)
        _await_ready(self)


@contextmanager
def running_postgres() -> Iterator[PostgresServer]:
    """A server that serves, on a free port; stopped at the end, its folder removed."""
    _executable("postgres")
    folder, port, password = Path(tempfile.mkdtemp()), free_port(), secrets.token_hex(16)
    try:
        _make_cluster(folder, password)
        server = PostgresServer(folder, port, password, _start(folder, port))
        try:
            _await_ready(server)
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)


def _make_cluster(folder: Path, password: str) -> None:
    secret = folder / "password"
    secret.write_text(password)
    if os.geteuid() == 0:
        owner = _user()
        for path in (folder, secret):
            os.chown(path, owner.pw_uid, owner.pw_gid)
    options = ["-U", NAME, "--pwfile", str(secret), "--auth=scram-sha-256", "-E", "UTF8"]
    made = subprocess.run(
        [*_as_user(), _executable("initdb"), "-D", str(folder / "data"), "--no-sync", *options],
        capture_output=True,
        text=True,
        check=False,
        timeout=INITDB_SECONDS,
        cwd=folder,
    )
    if made.returncode:
        raise click.ClickException(f"initdb failed: {made.stderr.strip()[-500:]}")


def _start(folder: Path, port: int) -> Child:
    settings = {"listen_addresses": HOST, "unix_socket_directories": "", "fsync": "off"}
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    command = [_executable("postgres"), "-D", str(folder / "data"), "-p", str(port), *options]
    return start("postgres", [*_as_user(), *command], folder / "postgres.log")


def _await_ready(server: PostgresServer) -> None:
    goal = Goal(f"PostgreSQL should serve on port {server.port}", START_SECONDS)
    asked = [_executable("pg_isready"), "-q", "-h", HOST, "-p", str(server.port)]

    def takes_logins() -> bool:
        return subprocess.run(asked, check=False).returncode == 0

    await_until(takes_logins, [server.child], goal)


def _as_user() -> list[str]:
    """Changing the user would end what ties the server to our life: so it is tied again."""
    if os.geteuid() != 0:
        return []
    name = _user().pw_name
    ids = [f"--reuid={name}", f"--regid={_user().pw_gid}", "--clear-groups"]
    return ["setpriv", *ids, "--pdeathsig=KILL"]


def _user() -> pwd.struct_passwd:
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    return next(known[name] for name in USERS if name in known)


def _executable(name: str) -> str:
    """The one on the PATH, or else the newest of Debian's. NoPostgresError without one."""
    packaged = sorted(PACKAGED.glob(f"*/bin/{name}"), key=lambda path: float(path.parts[-3]))
    found = shutil.which(name) or (str(packaged[-1]) if packaged else None)
    if found is None:
        raise NoPostgresError("no PostgreSQL: install it (apt-get install postgresql)")
    return found
