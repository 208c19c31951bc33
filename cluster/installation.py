"""Operators brought into the current cluster: installed, awaited, checked; told as it happens."""

import shlex
import subprocess
import time
from collections.abc import Sequence

import click

from cluster import kind
from cluster.commands import run
from cluster.operators import Operator, installation
from cluster.presence import Seen, is_available, is_present, look
from cluster.watching import unwatched

AVAILABLE_SECONDS = 600.0
POLL_SECONDS = 1.0


def install(operators: Sequence[Operator], instead: str) -> None:
    """Install those that are missing; or run the command `instead`, which installs them.

    Returns when all are available. ClickException if one is missing or does not get there.
    """
    context, began = kind.context(), time.monotonic()
    click.echo(f"==> Operators of cluster {context}")
    if instead:
        _run_visibly(shlex.split(instead))
    else:
        _install_missing(operators, kind.is_kind(context))
    _await_available(operators, began)


def check_watched(operators: Sequence[Operator], namespace: str) -> None:
    """ClickException that names each operator that does not watch the namespace, and the remedy."""
    cluster = look()
    problems = [found for each in operators if (found := unwatched(each, cluster, namespace))]
    if problems:
        raise click.ClickException("\n".join(problems))
    click.echo(f"==> All of them watch the namespace {namespace}")


def _run_visibly(command: Sequence[str]) -> None:
    """Run it, its output being ours. ClickException if it is missing or fails."""
    try:
        ran = subprocess.run(command, stdin=subprocess.DEVNULL, check=False)
    except OSError as error:
        raise click.ClickException(f"cannot run {command[0]}: {error.strerror}") from error
    if ran.returncode:
        raise click.ClickException(f"{shlex.join(command)} failed: {ran.returncode}")


def _install_missing(operators: Sequence[Operator], on_kind: bool) -> None:
    cluster = look()
    for operator in operators:
        if is_present(operator, cluster):
            click.echo(f"    {operator.name}: there already")
            continue
        click.echo(f"    {operator.name}: installing its chart, version {operator.version}")
        run(*installation(operator, on_kind))


def _await_available(operators: Sequence[Operator], began: float) -> None:
    waiting = list(operators)
    while True:
        cluster, seconds = look(), time.monotonic() - began
        for operator in [each for each in waiting if is_available(each, cluster)]:
            click.echo(f"    {operator.name}: available after {seconds:.0f} s")
            waiting.remove(operator)
        if not waiting:
            return
        _give_up_if_hopeless(waiting, cluster, seconds)
        time.sleep(POLL_SECONDS)


def _give_up_if_hopeless(waiting: Sequence[Operator], cluster: Seen, seconds: float) -> None:
    missing = [each.name for each in waiting if not is_present(each, cluster)]
    if missing:
        raise click.ClickException(f"not installed, not even now: {', '.join(missing)}")
    if seconds > AVAILABLE_SECONDS:
        names = ", ".join(each.name for each in waiting)
        raise click.ClickException(
            f"not available after {seconds:.0f} s: {names}; "
            "`kubectl get pods --all-namespaces` shows which pods do not run"
        )
