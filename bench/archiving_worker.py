"""One archiving worker process through a backlog: its real command, from start to SIGTERM."""

import time
from pathlib import Path

from bench.archived import archived
from bench.backlog import Backlog, Pass
from bench.meter import Cost, Meter, metered, pinned
from bench.scraping import counter
from local.components import archiving_command
from local.ports import free_port
from local.processes import Child, Goal, await_end, await_until, running, start

CONSUMED = "dronewatch_consumer_records_total"
FIRST_RECORD = Goal("the archiving worker should read its first record", 60.0)
READ_ALL = Goal("the archiving worker should read the backlog", 1800.0)
END_SECONDS = 60.0
LOOK_SECONDS = 0.02
# As the component's own default: the backlog, not the clock, ends an object.
OBJECT_AGE_SECONDS = 300


def worker_pass(backlog: Backlog, folder: Path, core: set[int]) -> Pass:
    """From the first record to the last commit, on this core, into a folder.

    Once it is told to stop it has some seconds to archive what it holds: on a busy machine they
    may not be enough, and records are missing then. ClickException if it ends early.
    """
    port = free_port()
    with pinned(core):
        child = start("archiving", _command(backlog, folder, port), folder / "archiving.log")
    with running(child), metered(child.popen.pid) as meter:
        began_seconds, before = _await_first_record(child, port, meter)
        await_until(lambda: counter(port, CONSUMED) >= backlog.records, [child], READ_ALL, 0.1)
        # What is left in its buffers it archives and commits now.
        child.popen.terminate()
        await_end(child, END_SECONDS)
        seconds = time.monotonic() - began_seconds
    return Pass(seconds, meter.cost.since(before), meter.cost, archived(folder / "archive"))


def _command(backlog: Backlog, folder: Path, port: int) -> list[str]:
    command = archiving_command(backlog.connection, port, folder / "archive")
    age = ("--object-age-seconds", str(OBJECT_AGE_SECONDS))
    return [*command, "--reports-topic", backlog.topic.name, *age]


def _await_first_record(child: Child, port: int, meter: Meter) -> tuple[float, Cost]:
    """When it had surely read none yet, and what it had cost until then."""
    last_without = [(time.monotonic(), meter.sample())]

    def has_read() -> bool:
        now = (time.monotonic(), meter.sample())
        if counter(port, CONSUMED):
            return True
        last_without.append(now)
        return False

    await_until(has_read, [child], FIRST_RECORD, LOOK_SECONDS)
    return last_without[-1]
