"""Looks at a platform while it scales, by kubectl, and tells what changes."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import click

from cluster.commands import kubectl
from cluster.release import Platform
from cluster.scaling.replicas import (
    PARTS,
    Count,
    Look,
    homeless_pods,
    parts_of,
    rate_between,
    ready_pods,
    sample,
)
from cluster.scaling.table import heading, is_news, row
from local.processes import Goal, await_until

LOOK_SECONDS = 3.0
HEALTH_PORT = 8080
METRICS_SECONDS = 10.0
SENT = "dronewatch_simulator_reports_acknowledged_total"
ASSIGNED = "dronewatch_consumer_assigned_partitions"

Items = Sequence[Mapping[str, Any]]


class Watch:
    """Prints a line when something changes; `looks` is all that it has seen."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._began_seconds = time.monotonic()
        self._count: Count | None = None
        self._told: Look | None = None
        self.looks: list[Look] = []

    def look(self) -> Look:
        """What is to be seen now. ClickException if the cluster does not answer."""
        items = _items(self._platform)
        later = self._counted(items)
        rate, self._count = rate_between(self._count, later), later
        parts = parts_of(items, {part: self._platform.named(part) for part in PARTS})
        look = Look(time.monotonic() - self._began_seconds, rate, parts)
        self.looks.append(look)
        return look

    def until(self, is_done: Callable[[Look], bool], goal: Goal) -> None:
        """Look and tell until it is so. ClickException if that takes longer than the goal says."""
        self._told = None
        try:
            await_until(lambda: is_done(self._tell(self.look())), [], goal, LOOK_SECONDS)
        except click.ClickException as error:
            lines = [error.message, *homeless_pods(_items(self._platform))]
            raise click.ClickException("\n  ".join(lines)) from error

    def go_on(self, seconds: float) -> None:
        """Look and tell for so long."""
        end_seconds = time.monotonic() + seconds
        while time.monotonic() < end_seconds:
            self._tell(self.look())
            time.sleep(LOOK_SECONDS)

    def _tell(self, look: Look) -> Look:
        if is_news(look, self._told):
            if self._told is None:
                click.echo(heading(look))
            click.echo(row(look))
            self._told = look
        return look

    def _counted(self, items: Items) -> Count | None:
        for pod in ready_pods(items, "simulator"):
            sent = _metric(self._platform, pod, SENT)
            if sent is not None:
                return Count(pod, sent, time.monotonic())
        return None


def partitions(platform: Platform) -> dict[str, list[int]]:
    """Of each part, how many partitions each of its ready pods reads; none if they do not tell."""
    items = _items(platform)
    return {
        part: [
            int(owned)
            for pod in ready_pods(items, part)
            if (owned := _metric(platform, pod, ASSIGNED)) is not None
        ]
        for part in PARTS
    }


def _items(platform: Platform) -> Items:
    kinds = "deployments,horizontalpodautoscalers,pods"
    selector = f"--selector={platform.selector}"
    found = kubectl(platform.namespace, "get", kinds, selector, "--output=json", seconds=60)
    items: Items = json.loads(found)["items"]
    return items


def _metric(platform: Platform, pod: str, name: str) -> float | None:
    """None if the pod cannot be asked: it starts or ends, or a policy keeps the API server away."""
    path = f"/api/v1/namespaces/{platform.namespace}/pods/{pod}:{HEALTH_PORT}/proxy/metrics"
    with suppress(click.ClickException):
        text = kubectl(platform.namespace, "get", "--raw", path, seconds=METRICS_SECONDS)
        return sample(text, name)
    return None
