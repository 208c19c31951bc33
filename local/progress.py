"""Progress for whoever waits: a line for each step, a bar for each long one."""

import sys
from collections.abc import Iterable
from typing import Any

import click
from tqdm import tqdm

# A log file wants few lines, a terminal a smooth bar.
TERMINAL_SECONDS = 0.2
LOG_SECONDS = 10.0


def announce(step: str) -> None:
    """Say what is done next."""
    click.echo(f"==> {step}")


def show(lines: Iterable[str]) -> None:
    """Print what belongs to the step."""
    for line in lines:
        click.echo(f"    {line}")


def bar(total: int, goal: str, unit: str) -> "tqdm[Any]":
    """A progress bar on standard error; a context manager."""
    return tqdm(
        total=total,
        desc=f"    {goal}",
        unit=unit,
        unit_scale=True,
        mininterval=TERMINAL_SECONDS if sys.stderr.isatty() else LOG_SECONDS,
        dynamic_ncols=True,
    )


def advance(progress: "tqdm[Any]", done: int) -> None:
    """Set the bar to so many units done."""
    progress.update(done - progress.n)
