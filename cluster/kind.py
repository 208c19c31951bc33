"""The cluster on this machine, by kind."""

from pathlib import Path

import click

from cluster.commands import run

CONFIG = Path(__file__).parents[1] / "k8s-tests" / "kind.yaml"
PATIENCE = "180s"
PREFIX = "kind-"


def create(name: str) -> None:
    """Make the cluster unless there is one of this name; either way kubectl then means it."""
    if name in run("kind", "get", "clusters").splitlines():
        run("kind", "export", "kubeconfig", "--name", name)
        click.echo(f"==> Cluster {name} is there already")
        return
    click.echo(f"==> Making cluster {name}; the first one fetches its image, some minutes")
    run("kind", "create", "cluster", "--name", name, "--config", str(CONFIG), "--wait", PATIENCE)
    click.echo(f"==> Cluster {name} is up")


def context() -> str:
    """Name of the cluster that kubectl speaks to. ClickException if it speaks to none."""
    try:
        return run("kubectl", "config", "current-context").strip()
    except click.ClickException as error:
        remedy = "no cluster yet? `make cluster`, or set KUBECONFIG"
        raise click.ClickException(f"{error.message}; {remedy}") from error


def is_kind(context: str) -> bool:
    """Whether kind made the cluster of this name."""
    return context.startswith(PREFIX)
