"""Worker processes of one group: added, killed, stopped, and what they said in the end."""

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from local.ports import HOST, free_port
from local.processes import Child, Goal, await_until, ending, is_running, kill, start, stop

STOP_WITHIN_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Member:
    """One worker process, and the port of its health endpoint."""

    child: Child
    port: int

    def answer(self, path: str) -> int:
        """The status of /livez or /readyz; 0 if nothing answers."""
        try:
            with urllib.request.urlopen(f"http://{HOST}:{self.port}{path}", timeout=5) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code
        except OSError:
            return 0

    def metric(self, name: str) -> float:
        """The sum of a metric's samples; 0 if it has none or nothing answers."""
        try:
            with urllib.request.urlopen(f"http://{HOST}:{self.port}/metrics", timeout=5) as answer:
                lines = answer.read().decode().splitlines()
        except OSError:
            return 0.0
        samples = (line.rpartition(" ") for line in lines if not line.startswith("#"))
        return sum(float(value) for sample, _, value in samples if sample.split("{")[0] == name)

    def await_ready(self) -> None:
        """Until it has joined its group."""
        goal = Goal(f"{self.child.name} should be ready", 60)
        await_until(lambda: self.answer("/readyz") == 200, [self.child], goal)

    def await_metric(self, name: str, at_least: float) -> None:
        """Until the metric has reached that value."""
        goal = Goal(f"{self.child.name}'s {name} should be {at_least} or more", 60)
        await_until(lambda: self.metric(name) >= at_least, [self.child], goal)

    def freeze(self) -> None:
        """SIGSTOP: it neither works nor knows that time passes."""
        os.kill(self.child.popen.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT."""
        os.kill(self.child.popen.pid, signal.SIGCONT)


@dataclass(slots=True)
class Crew:
    """`python -m <module> <options>` as often as wanted; logs go to the folder."""

    arguments: Sequence[str]
    environ: dict[str, str]
    folder: Path
    members: list[Member] = field(default_factory=list)
    hired: int = 0

    def add(self, module: Sequence[str] = (), options: Sequence[str] = ()) -> Member:
        """One more worker; with another module, its first arguments, or more options."""
        self.hired += 1
        port = free_port()
        name = f"worker-{self.hired}"
        program = ["-m", *(module or self.arguments[1:2]), *self.arguments[2:]]
        command = [sys.executable, *program, "--health-port", str(port), *options]
        child = start(name, command, self.folder / f"{name}.log", self.environ)
        member = Member(child, port)
        self.members.append(member)
        return member

    def kill_one(self, rng: Random) -> None:
        """kill -9 of any of them."""
        kill(self._any(rng).child)

    def stop_one(self, rng: Random) -> None:
        """SIGTERM to any of them, and wait: it must end well and in time."""
        member = self._any(rng)
        member.await_ready()
        assert self.stopped(member) == 0, ending(member.child)

    def _any(self, rng: Random) -> Member:
        member = rng.choice(self.members)
        self.members.remove(member)
        assert is_running(member.child), ending(member.child)
        return member

    def stopped(self, member: Member) -> int:
        """Its exit code after SIGTERM; -9 if it took longer than it may."""
        return stop(member.child, STOP_WITHIN_SECONDS)

    def stop_all(self) -> None:
        """SIGTERM to all at the same time, once all have started: all must end well, in time."""
        for member in self.members:
            member.await_ready()
        for member in self.members:
            member.child.popen.terminate()
        codes = {member.child.name: _awaited_code(member.child) for member in self.members}
        assert set(codes.values()) <= {0}, codes
        self.members.clear()

    def disband(self) -> None:
        """End whatever still runs."""
        for member in self.members:
            kill(member.child)

    def logs(self) -> str:
        """All that they said."""
        return "\n".join(path.read_text() for path in sorted(self.folder.glob("worker-*.log")))


def _awaited_code(child: Child) -> int:
    """Its exit code; that of a kill if it does not end in time. It has been told already."""
    with suppress(subprocess.TimeoutExpired):
        return child.popen.wait(STOP_WITHIN_SECONDS)
    return kill(child)
