"""Load rises, replicas follow, load falls, they go; told as it happens. For `make scale-demo`.

The load is the simulator's: changed with Helm, and taken back with Helm whatever happens.
"""

from collections.abc import Mapping
from pathlib import Path

import click

from cluster.release import Platform
from cluster.scaling.chart import chart
from cluster.scaling.proof import prove
from cluster.scaling.release import changed, release_of, shown, upgrade
from cluster.scaling.replicas import (
    REPLICAS,
    fall_seconds,
    goals,
    has_fallen,
    has_risen,
    is_at,
    is_autoscaled,
    replicas_of,
)
from cluster.scaling.table import LEGEND, summary
from cluster.scaling.values import Values, before, by_hand, load, planned_rate
from cluster.scaling.watch import Watch, partitions
from local.processes import Goal
from local.progress import announce

RISE_SECONDS = 300.0
READY_SECONDS = 180.0
# How long the replicas are shown at work.
SHOWN_SECONDS = 20.0
WAYS = {"auto": "by autoscalers", "manual": "by kubectl scale"}
HINT = "`kubectl get hpa` tells what the autoscalers see; more load: ARGS='--rate 20000'"


def run_demo(platform: Platform, mode: str, reports_per_second: int) -> None:
    """Show it, by autoscalers (mode `auto`) or by hand (`manual`).

    ClickException if the platform is not there, or if replicas do not come and go as they should.
    """
    release = release_of(platform)
    announce(f"{platform}: its fleet sends {_rate(planned_rate(release.values['simulator']))}")
    click.echo(f"    {LEGEND}")
    watch = Watch(platform)
    show = _by_autoscalers if mode == "auto" else _by_hand
    show(platform, watch, release.values, reports_per_second)
    announce("In short")
    for line in summary(watch.looks):
        click.echo(f"    {line}")
    click.echo(f"    Picture  {_drawn(watch, f'{platform}: {WAYS[mode]}', mode)}")
    prove(platform, release)


def _drawn(watch: Watch, subtitle: str, mode: str) -> Path:
    """Where the picture stands."""
    file = Path(".run") / f"scale-demo-{mode}.png"
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(chart(watch.looks, subtitle))
    return file


def _rate(reports_per_second: float | None) -> str:
    if reports_per_second is None:
        return "as many reports as it can"
    return f"{reports_per_second:,.0f} reports/s"


def _by_autoscalers(platform: Platform, watch: Watch, values: Values, rate: int) -> None:
    first = watch.look()
    few, many = replicas_of(first), goals(first.parts)
    announce(f"Load rises to {_rate(rate)}")
    loaded = {"simulator": load(values["simulator"], rate)}
    with changed(platform, loaded, "Load falls: all as it was"):
        rise = Goal(f"{_listed(many)} should be ready ({HINT})", RISE_SECONDS)
        watch.until(lambda look: has_risen(look, many), rise)
        watch.go_on(SHOWN_SECONDS)
        _show_autoscalers(platform)
        _show_shares(platform)
        patience_seconds = fall_seconds(watch.look().parts)
    fall = Goal(f"{_listed(few)} should be left", patience_seconds)
    watch.until(lambda look: has_fallen(look, few), fall)
    _show_autoscalers(platform)


def _by_hand(platform: Platform, watch: Watch, values: Values, rate: int) -> None:
    first = watch.look()
    few = replicas_of(first)
    many = {part: max(REPLICAS, replicas + 1) for part, replicas in few.items()}
    announce(f"Autoscaling off; load rises to {_rate(rate)}")
    loaded = {"simulator": load(values["simulator"], rate), **by_hand(values, few)}
    with changed(platform, loaded, "Autoscaling on again: all as it was"):
        watch.go_on(SHOWN_SECONDS)
        _scale(platform, watch, many)
        watch.go_on(SHOWN_SECONDS)
        _show_shares(platform)
        announce("Load falls")
        # With the replicas that are there: only `kubectl scale` shall take them away.
        kept = {part: {"replicas": number} for part, number in many.items()}
        upgrade(platform, {"simulator": before(values["simulator"], loaded["simulator"]), **kept})
        watch.go_on(SHOWN_SECONDS)
        _scale(platform, watch, few)
    back = Goal("autoscaling should be as it was", READY_SECONDS)
    watch.until(lambda look: is_autoscaled(look) == is_autoscaled(first), back)


def _scale(platform: Platform, watch: Watch, replicas: Mapping[str, int]) -> None:
    announce(f"By hand: {_listed(replicas)}")
    for part, number in replicas.items():
        deployment = f"deployment/{platform.named(part)}"
        place = ("--namespace", platform.namespace)
        shown("kubectl", "scale", deployment, *place, f"--replicas={number}")
    goal = Goal(f"{_listed(replicas)} should be ready", READY_SECONDS)
    watch.until(lambda look: is_at(look, replicas), goal)


def _listed(replicas: Mapping[str, int]) -> str:
    """3 alerting, 4 archiving."""
    return ", ".join(f"{number} {part}" for part, number in replicas.items())


def _show_autoscalers(platform: Platform) -> None:
    for line in shown("kubectl", "get", "hpa", "--namespace", platform.namespace).splitlines():
        click.echo(f"    {line}")


def _show_shares(platform: Platform) -> None:
    """How many of the topic's partitions each pod has."""
    for part, shares in partitions(platform).items():
        if shares:
            dealt = " + ".join(map(str, shares))
            click.echo(f"    {part}: {len(shares)} pods read {dealt} partitions")
