"""The chart's Job that loads history, watched from outside."""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import click
import msgspec

from cluster.commands import kubectl
from cluster.release import Platform
from local.processes import Goal, await_until
from services.loading.checkpoint import Checkpoint

FOLDER = "/var/lib/dronewatch"
DONE_SECONDS = 300
BY_AGE = ("--sort-by=.metadata.creationTimestamp", "--output=jsonpath={.items[*].metadata.name}")
_NUMBER = re.compile(r"^ +([\d,]+) (sent|rejected)\b", re.MULTILINE)


def job(platform: Platform) -> str:
    """The name of the newest; an older one may be on its way out."""
    selector = f"{platform.selector},app.kubernetes.io/component=loading"
    return kubectl(platform.namespace, "get", "jobs", "--selector", selector, *BY_AGE).split()[-1]


def pods(platform: Platform, name: str) -> list[str]:
    """Of the Job, in the order in which they came."""
    selector = f"batch.kubernetes.io/job-name={name}"
    return kubectl(platform.namespace, "get", "pods", "--selector", selector, *BY_AGE).split()


def await_rows(platform: Platform, name: str, file: str, rows: int) -> str:
    """The pod that loads, once its checkpoint tells of so many rows."""

    def is_far_enough() -> bool:
        return any(_rows(platform, pod, file) >= rows for pod in pods(platform, name))

    goal = Goal(f"{rows} rows should be loaded", DONE_SECONDS)
    await_until(is_far_enough, [], goal, look_seconds=0.5)
    return pods(platform, name)[-1]


def _rows(platform: Platform, pod: str, file: str) -> int:
    """Sent or rejected, by the checkpoint; 0 while there is none."""
    read = ("exec", pod, "--container=loading", "--", "cat", f"{FOLDER}/{file}.checkpoint.json")
    with suppress(click.ClickException):
        return msgspec.json.decode(kubectl(platform.namespace, *read), type=Checkpoint).counts.rows
    return 0


def await_done(platform: Platform, name: str) -> str:
    """The Job's summary, once it is complete."""
    wanted = ("--for=condition=Complete", f"--timeout={DONE_SECONDS}s")
    kubectl(platform.namespace, "wait", f"job/{name}", *wanted)
    return kubectl(platform.namespace, "logs", pods(platform, name)[-1], "--container=loading")


def counted(summary: str) -> dict[str, int]:
    """Rows that were sent and rejected, as a summary tells."""
    return {what: int(number.replace(",", "")) for number, what in _NUMBER.findall(summary)}


@contextmanager
def reader(platform: Platform, name: str) -> Iterator[str]:
    """A pod that sees what the Job's last pod saw, made as docs/operations.md says."""
    copy = f"{name}-reader"
    namespace, last = platform.namespace, pods(platform, name)[-1]
    shape = (f"--copy-to={copy}", "--container=loading", "--profile=restricted")
    kubectl(namespace, "debug", last, *shape, "--", "sleep", "3600")
    try:
        kubectl(namespace, "wait", f"pod/{copy}", "--for=condition=Ready", "--timeout=60s")
        yield copy
    finally:
        kubectl(namespace, "delete", "pod", copy, "--grace-period=0", "--force")


def rejected_lines(platform: Platform, name: str, file: str) -> list[int]:
    """Line numbers in the rejected file on the Job's volume."""
    read = ("--container=loading", "--", "cat", f"{FOLDER}/{file}.rejected.csv")
    with reader(platform, name) as pod:
        _, *lines = kubectl(platform.namespace, "exec", pod, *read).splitlines()
    return [int(line.partition(",")[0]) for line in lines]
