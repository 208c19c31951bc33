"""`load`, `deploy` and `undeploy`: the platform put on the cluster and taken off again."""

import functools
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from cluster.commands import kubectl
from cluster.images import load as load_images
from cluster.release import SMALL_VALUES, Platform, install, uninstall


def of_platform(command: Callable[..., None]) -> Callable[..., None]:
    """Adds --namespace and --release; the command gets them as one `platform`."""

    @click.option("--namespace", default=Platform().namespace, show_default=True)
    @click.option("--release", default=Platform().release, show_default=True)
    @functools.wraps(command)
    def with_platform(namespace: str, release: str, **given: Any) -> None:
        command(platform=Platform(namespace, release), **given)

    return with_platform


@click.command()
@click.argument("images", nargs=-1, required=True)
def load(images: tuple[str, ...]) -> None:
    """Hand images to the nodes of kind."""
    click.echo("==> Handing the images to kind's nodes")
    handed = load_images(images)
    if handed is None:
        click.echo("    This is no kind cluster: it pulls them (global.image.registry)")
    else:
        click.echo(f"    {len(handed)} of {len(images)} were new there")


@click.command(context_settings={"ignore_unknown_options": True})
@of_platform
@click.option(
    "--values",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=SMALL_VALUES,
    help="The chart's values.",
)
@click.argument("helm_arguments", nargs=-1, type=click.UNPROCESSED)
def deploy(platform: Platform, values: Path, helm_arguments: tuple[str, ...]) -> None:
    """Install or upgrade the platform, and wait until all of it is ready."""
    began = time.monotonic()
    click.echo(f"==> Installing {platform}: Kafka first, some minutes")
    install(platform, *helm_arguments, values=values)
    click.echo(kubectl(platform.namespace, "get", "pods"))
    click.echo(f"    All ready after {time.monotonic() - began:.0f} s. See it work:")
    click.echo(f"    kubectl --namespace {platform.namespace} get hpa --watch")
    click.echo("    make scale-demo")
    click.echo("    Alerts and answers, for people: the end of")
    click.echo(f"    helm get notes {platform.release} --namespace {platform.namespace}")


@click.command()
@of_platform
def undeploy(platform: Platform) -> None:
    """Remove the platform; archive and website's database stay, with their Secrets."""
    uninstall(platform)
    click.echo(f"==> Removed {platform}; what stays:")
    click.echo(kubectl(platform.namespace, "get", "persistentvolumeclaims,secrets"))
    click.echo(f"    All of it goes with: kubectl delete namespace {platform.namespace}")
