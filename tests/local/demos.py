"""The demo as a process: small, its output in pipes, or on a terminal."""

import os
import pty
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from local.ports import free_port

SMALL = ["--days", "1", "--drones", "2", "--fault-share", "0.01", "--history-rows", "400"]


def command(folder: Path, *options: str) -> list[str]:
    """With a port of its own: other tests' websites are on this machine, too."""
    given = ["--run-folder", str(folder), "--website-port", str(free_port()), *options]
    return [sys.executable, "-m", "local", "demo", *given]


@contextmanager
def demo(folder: Path, *options: str) -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        command(folder, *options), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as run:
        try:
            yield run
        finally:
            run.terminate()


def await_reports(run: "subprocess.Popen[str]", folder: Path) -> None:
    """Until the first reports of the fleet are in its ledger."""
    ledger = folder / "ledger.jsonl"
    deadline = time.monotonic() + 120
    while not (ledger.exists() and ledger.stat().st_size):
        assert run.poll() is None, run.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)


@dataclass(slots=True)
class Terminal:
    """A demo on a terminal, and what it has printed there so far."""

    run: "subprocess.Popen[bytes]"
    descriptor: int
    printed: bytes = b""

    def read_until(self, words: str) -> str:
        """Up to these words, or to the end."""
        # Linux says EIO when nobody has the terminal open any more.
        with suppress(OSError):
            while words.encode() not in self.printed:
                self.printed += os.read(self.descriptor, 65_536)
        return self.printed.decode(errors="replace").replace("\r\n", "\n")

    def read_all(self) -> str:
        """To the end."""
        return self.read_until("\0")


@contextmanager
def terminal_demo(
    folder: Path, *options: str, environ: Mapping[str, str] | None = None
) -> Iterator[Terminal]:
    """Where nobody says CI or KEEP, unless `environ` does."""
    inherited = {k: v for k, v in os.environ.items() if k not in ("CI", "KEEP")}
    descriptor, its_side = pty.openpty()
    with subprocess.Popen(
        command(folder, *options),
        stdin=subprocess.DEVNULL,
        stdout=its_side,
        stderr=its_side,
        env=inherited | dict(environ or {}),
    ) as run:
        os.close(its_side)
        try:
            yield Terminal(run, descriptor)
        finally:
            run.terminate()
            os.close(descriptor)
