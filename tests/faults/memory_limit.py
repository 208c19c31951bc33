"""A process's memory limited by the kernel, as a container's is: beyond it, it is killed.

Needs root and a memory controller (cgroups, version 1 or 2). Elsewhere nothing is limited, which
is printed.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import click

from tests.faults.crew import Member

CGROUPS = Path("/sys/fs/cgroup")
MEBIBYTE = 1024 * 1024
# The kernel makes these files in each new group.
LIMIT_FILES = {CGROUPS / "memory": "memory.limit_in_bytes", CGROUPS: "memory.max"}

Confine = Callable[[Member, int], None]


@contextmanager
def confining() -> Iterator[Confine]:
    """`confine(member, mebibytes)`: the kernel limits it from now on."""
    made: list[Path] = []

    def confine(member: Member, mebibytes: int) -> None:
        pid = member.child.popen.pid
        for parent, limit_file in LIMIT_FILES.items():
            if not list(parent.glob(f"*/{limit_file}")):
                continue
            group = parent / f"dronewatch-{pid}"
            with suppress(OSError):
                group.mkdir()
                made.append(group)
                (group / limit_file).write_text(str(mebibytes * MEBIBYTE))
                (group / "cgroup.procs").write_text(str(pid))
                return
        click.echo(f"the memory of {member.child.name} is not limited here")

    try:
        yield confine
    finally:
        for group in made:
            # As long as a process is in it, it stays.
            with suppress(OSError):
                group.rmdir()
