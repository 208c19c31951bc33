"""What a process and its children cost: CPU seconds, peak memory. And which core they run on."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

SAMPLE_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU: user and system. Memory: the sum of each process's own peak (VmHWM)."""

    cpu_seconds: float = 0.0
    peak_rss_bytes: int = 0

    def since(self, earlier: "Cost") -> "Cost":
        """The CPU spent since; the peak is of all time."""
        return Cost(self.cpu_seconds - earlier.cpu_seconds, self.peak_rss_bytes)


@dataclass(slots=True)
class Meter:
    """Remembers what each process of a tree cost when last seen; they may end at any time."""

    pid: int
    seen: dict[int, Cost] = field(default_factory=dict)

    def sample(self) -> Cost:
        """Look once more; what the tree cost up to now."""
        for pid in _tree(self.pid):
            self.seen[pid] = _cost(pid, self.seen.get(pid, Cost()))
        return self.cost

    @property
    def cost(self) -> Cost:
        """As last sampled."""
        seen = list(self.seen.values())
        return Cost(sum(c.cpu_seconds for c in seen), sum(c.peak_rss_bytes for c in seen))


@contextmanager
def metered(pid: int) -> Iterator[Meter]:
    """Samples the process tree in the background; a process's last moments may be missed."""
    meter, over = Meter(pid), threading.Event()

    def watch() -> None:
        while not over.wait(SAMPLE_SECONDS):
            meter.sample()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield meter
    finally:
        over.set()
        watcher.join()


def _tree(pid: int) -> list[int]:
    try:
        process = psutil.Process(pid)
        return [pid, *(child.pid for child in process.children(recursive=True))]
    except psutil.NoSuchProcess:
        return []


def _cost(pid: int, seen: Cost) -> Cost:
    """A process that has ended tells no memory any more, then nothing at all."""
    try:
        times = psutil.Process(pid).cpu_times()
        status = Path(f"/proc/{pid}/status").read_text()
    except (psutil.NoSuchProcess, OSError):
        return seen
    peak = max(peak_rss_bytes(status), seen.peak_rss_bytes)
    return Cost(times.user + times.system, peak)


def peak_rss_bytes(status: str) -> int:
    """VmHWM in the text of /proc/PID/status; 0 for a process that has ended."""
    lines = (line.split() for line in status.splitlines())
    return next((int(words[1]) * 1024 for words in lines if words[:1] == ["VmHWM:"]), 0)


def cores() -> tuple[set[int], set[int]]:
    """The core for what is measured, and those for all else; the same one if there is but one."""
    first, *others = sorted(os.sched_getaffinity(0))
    return {first}, set(others) or {first}


@contextmanager
def pinned(to: set[int]) -> Iterator[None]:
    """This thread runs on these cores, and so does every process it starts meanwhile."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, to)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
