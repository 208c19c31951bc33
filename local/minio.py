"""A real MinIO server on this machine, for the tests; built once with Go (it is source-only)."""

import os
import secrets
import shutil
import ssl
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import click

from local.cache import cache_folder
from local.ports import HOST, free_port
from local.processes import Child, Goal, await_until, kill, start, stop

MODULE = "github.com/minio/minio"
VERSION = "v0.0.0-20260212201848-7aac2a2c5b7c"
# public.crt and private.key.
CERTIFICATES = Path(".minio", "certs")
START_SECONDS = 60.0
BUILD_SECONDS = 1800.0


class NoMinioError(click.ClickException):
    """There is no minio here and nothing to build it with."""


@dataclass(slots=True)
class MinioServer:
    """A server on its port, with its data and its log minio.log in its folder."""

    folder: Path
    port: int
    access_key: str
    secret_key: str = field(repr=False)
    child: Child
    ca_file: Path | None = None

    @property
    def endpoint(self) -> str:
        """Its address as clients want it: http://host:port, or https:// if it has a CA."""
        return f"{'https' if self.ca_file else 'http'}://{HOST}:{self.port}"

    def stop(self) -> None:
        """Stop it cleanly; restart() brings it back."""
        stop(self.child)

    def kill(self) -> None:
        """End it at once, as a crash would."""
        kill(self.child)

    def restart(self) -> None:
        """Start it again with its data, port and keys, and wait until it serves."""
        self.stop()
        self.child = _start(self.folder, self.port, (self.access_key, self.secret_key))
        _await_ready(self)


@contextmanager
def running_minio(folder: Path, ca_file: Path | None = None) -> Iterator[MinioServer]:
    """A server that serves, on a free port with keys of its own; stopped at the end.

    With a CA it serves TLS: its certificate, by that CA, stands in CERTIFICATES of the folder.
    """
    port, keys = free_port(), (secrets.token_hex(8), secrets.token_hex(16))
    server = MinioServer(folder, port, *keys, _start(folder, port, keys), ca_file)
    try:
        _await_ready(server)
        yield server
    finally:
        server.stop()


def _start(folder: Path, port: int, keys: tuple[str, str]) -> Child:
    command = [minio_executable(), "server", str(folder / "data"), "--address", f"{HOST}:{port}"]
    environ = {
        # Where it looks for certificates.
        "HOME": str(folder),
        "MINIO_ROOT_USER": keys[0],
        "MINIO_ROOT_PASSWORD": keys[1],
        "MINIO_BROWSER": "off",
        "MINIO_UPDATE": "off",
    }
    return start("minio", command, folder / "minio.log", environ)


def _await_ready(server: MinioServer) -> None:
    goal = Goal(f"MinIO should serve on port {server.port}", START_SECONDS)
    await_until(lambda: _is_ready(server), [server.child], goal)


def _is_ready(server: MinioServer) -> bool:
    url = f"{server.endpoint}/minio/health/cluster"
    context = ssl.create_default_context(cafile=server.ca_file) if server.ca_file else None
    try:
        with urllib.request.urlopen(url, timeout=5, context=context) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def minio_executable() -> str:
    """The minio on the PATH, the cached one, or one built now. NoMinioError without Go."""
    cached = cache_folder() / "bin" / "minio"
    found = shutil.which("minio") or shutil.which(cached)
    if found is None:
        _build(cached)
    return found or str(cached)


def _build(executable: Path) -> None:
    go = shutil.which("go")
    if go is None:
        raise NoMinioError("no minio on the PATH and no Go to build it: install either")
    click.echo(f"building MinIO {VERSION}, once, about 3 minutes", err=True)
    partial = executable.parent / f"partial-{os.getpid()}"
    partial.mkdir(parents=True)
    try:
        _go_install(go, partial)
        (partial / executable.name).rename(executable)
    finally:
        shutil.rmtree(partial)


def _go_install(go: str, folder: Path) -> None:
    built = subprocess.run(
        [go, "install", f"{MODULE}@{VERSION}"],
        env={**os.environ, "GOBIN": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=BUILD_SECONDS,
    )
    if built.returncode:
        last = (built.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise click.ClickException(f"cannot build MinIO with {go}: {last}")
