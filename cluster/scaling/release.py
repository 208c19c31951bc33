"""The release while the demo changes it: each command is shown before it is run."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import click

from cluster.commands import run
from cluster.release import CHART, Platform
from cluster.scaling.table import command_lines
from cluster.scaling.values import Values, settings
from local.progress import announce


@dataclass(frozen=True, slots=True)
class Release:
    """A revision of a release, and all its values by part."""

    revision: int
    values: dict[str, Any]


def release_of(platform: Platform) -> Release:
    """The release as it stands. ClickException if there is none that could be scaled."""
    found = _status(platform)
    if found["info"]["status"] != "deployed":
        raise click.ClickException(
            f"{platform} is {found['info']['status']}: `make deploy` first, or wait for its end"
        )
    values = json.loads(_helm(platform, "get", "values", "--all", "--output=json"))
    if not values["simulator"]["enabled"]:
        raise click.ClickException(f"{platform} has no simulator that could raise the load")
    return Release(found["version"], values)


def _status(platform: Platform) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(_helm(platform, "status", "--output=json"))
    except click.ClickException as error:
        if "not found" not in error.message:
            raise
        message = f"there is no release {platform}: `make deploy` first"
        raise click.ClickException(message) from error
    return found


def _helm(platform: Platform, *arguments: str) -> str:
    return run("helm", *arguments, platform.release, "--namespace", platform.namespace)


@contextmanager
def changed(platform: Platform, values: Mapping[str, Values], farewell: str) -> Iterator[None]:
    """The release with these values changed; taken back at the end, whatever happened.

    Neither waits until pods are there. ClickException if Helm fails.
    """
    revision = release_of(platform).revision
    try:
        upgrade(platform, values)
        yield
    finally:
        announce(farewell)
        if _status(platform)["version"] != revision:
            _roll_back(platform, revision)


def _roll_back(platform: Platform, revision: int) -> None:
    """Unlike an upgrade it works after one that was killed."""
    command = ("helm", "rollback", platform.release, f"{revision}", *_in(platform))
    try:
        shown(*command)
    except click.ClickException:
        # After an upgrade that was stopped before it removed something, Helm first wants to make
        # that anew ("no ... with the name ... found"); the next time it knows better.
        shown(*command)


def upgrade(platform: Platform, values: Mapping[str, Values]) -> None:
    """Change these values, by part, and no others; does not wait until pods are there."""
    chart = os.path.relpath(CHART)
    command = ("helm", "upgrade", platform.release, chart, *_in(platform), "--reuse-values")
    shown(*command, *settings(values))


def _in(platform: Platform) -> tuple[str, str]:
    return "--namespace", platform.namespace


def shown(*command: str) -> str:
    """Run a command that the user sees; what it prints. ClickException if it fails."""
    for line in command_lines(command):
        click.echo(line)
    return run(*command)
