"""Child processes of this machine's platform: started, awaited, stopped. For kafka, minio, demo.

Each child logs into its own file, leads its own process group (so Ctrl-C in the terminal reaches
only the parent, which then stops its children in order) and dies with its parent (local.tether).
Start children from a thread that lives as long as they shall: Linux ties them to the thread.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import click

from local import tether
from services.runtime.settings import ENVIRONMENT_PREFIX

POLL_SECONDS = 0.05
STOP_SECONDS = 20.0
TAIL_LINES = 12
TAIL_BYTES = 16_384


@dataclass(frozen=True, slots=True)
class Child:
    """A process we started; what it prints goes to the end of log_file."""

    name: str
    popen: "subprocess.Popen[bytes]"
    log_file: Path


def start(
    name: str,
    command: Sequence[str],
    log_file: Path,
    environ: Mapping[str, str] | None = None,
    stdout: IO[str] | None = None,
) -> Child:
    """Start the command, with these variables added to our environment; does not wait.

    Its standard output goes to the log as its standard error does, or to `stdout`.

    Components' settings in our environment (DRONEWATCH_*) do not reach it: only what is given.
    """
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(ENVIRONMENT_PREFIX)}
    tied = [sys.executable, "-IS", tether.__file__, str(os.getpid()), *command]
    log_file.parent.mkdir(parents=True, exist_ok=True)
    with log_file.open("ab") as log:
        popen = subprocess.Popen(
            tied,
            stdin=subprocess.DEVNULL,
            stdout=stdout or log,
            stderr=log,
            env={**inherited, **(environ or {})},
            start_new_session=True,
        )
    return Child(name, popen, log_file)


@dataclass(frozen=True, slots=True)
class Goal:
    """What should come true, said with "should", and how long that may take."""

    text: str
    timeout_seconds: float


@contextmanager
def running(child: Child) -> Iterator[Child]:
    """Stops the child at the end, whatever happened."""
    try:
        yield child
    finally:
        stop(child)


@contextmanager
def all_running(commands: Mapping[str, Sequence[str]], folder: Path) -> Iterator[list[Child]]:
    """Each command by its name, with its log in the folder; all are stopped at the end."""
    with ExitStack() as stack:
        yield [
            stack.enter_context(running(start(name, command, folder / f"{name}.log")))
            for name, command in commands.items()
        ]


def is_running(child: Child) -> bool:
    """Whether the child has not ended yet."""
    return child.popen.poll() is None


def stop(child: Child, timeout_seconds: float = STOP_SECONDS) -> int:
    """SIGTERM, then SIGKILL when the time is over; the exit code. Fine on one that ended."""
    if is_running(child):
        child.popen.terminate()
        with suppress(subprocess.TimeoutExpired):
            child.popen.wait(timeout_seconds)
    return kill(child)


def kill(child: Child) -> int:
    """SIGKILL the child and whatever it started; the exit code."""
    with suppress(ProcessLookupError):
        os.killpg(child.popen.pid, signal.SIGKILL)
    return child.popen.wait()


def await_until(
    is_done: Callable[[], bool],
    children: Sequence[Child],
    goal: Goal,
    look_seconds: float = POLL_SECONDS,
) -> None:
    """Wait for the condition. ClickException if a child ends first or the time is over."""
    deadline = time.monotonic() + goal.timeout_seconds
    while not is_done():
        check_running(children)
        if time.monotonic() > deadline:
            message = f"{goal.text}: not within {goal.timeout_seconds:.0f} s"
            raise click.ClickException(message + _tails(children))
        time.sleep(look_seconds)


def await_end(child: Child, timeout_seconds: float) -> None:
    """Wait until the child ended well. ClickException if it did not."""
    goal = Goal(f"{child.name} should end", timeout_seconds)
    await_until(lambda: not is_running(child), [], goal)
    if child.popen.returncode:
        raise click.ClickException(ending(child))


def check_running(children: Sequence[Child]) -> None:
    """ClickException with its last log lines if a child has ended."""
    ended = [child for child in children if not is_running(child)]
    if ended:
        raise click.ClickException(ending(ended[0]))


def ending(child: Child) -> str:
    """How a child ended, with the end of its log."""
    return f"{child.name} ended with {_code(child.popen.returncode)}{_tails([child])}"


def log_tail(log_file: Path, lines: int = TAIL_LINES) -> list[str]:
    """The last lines of a log; none if there is no such file."""
    if not log_file.exists():
        return []
    with log_file.open("rb") as log:
        log.seek(max(0, log_file.stat().st_size - TAIL_BYTES))
        return log.read().decode(errors="replace").splitlines()[-lines:]


def _tails(children: Sequence[Child]) -> str:
    return "".join(
        f"\n{child.log_file} ends with:\n  " + "\n  ".join(log_tail(child.log_file))
        for child in children
    )


def _code(returncode: int | None) -> str:
    if returncode is not None and returncode < 0:
        return signal.Signals(-returncode).name
    return f"exit code {returncode}"
