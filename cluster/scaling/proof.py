"""At the demo's end: was nothing lost? Counted where the platform has a witness, else told how."""

import os

import click

from cluster.release import CHART, Platform
from cluster.scaling.release import Release
from cluster.scaling.table import command_lines
from cluster.witness import WITNESS, evidence, start_fleet
from local.progress import announce


def prove(platform: Platform, release: Release) -> None:
    """Compare all that was ever sent with what came of it, or say why not.

    ClickException if something is missing, doubled or made up.
    """
    announce("Was nothing lost?")
    if not release.values["simulator"]["ledger"]["enabled"]:
        click.echo("    Nobody kept count: a platform installed with simulator.ledger.enabled does")
    elif "witness" not in release.values["kafka"]["users"]:
        click.echo("    The simulator kept count. For a comparison let a witness read along,")
        click.echo("    and show this again:")
        for line in command_lines(_witness_command(platform)):
            click.echo(line)
    else:
        click.echo("    Comparing the simulator's ledger with archive and alerts")
        click.echo(f"    {_compared(platform)}")


def _witness_command(platform: Platform) -> tuple[str, ...]:
    where = (platform.release, os.path.relpath(CHART), "--namespace", platform.namespace)
    return "helm", "upgrade", *where, "--reuse-values", *WITNESS


def _compared(platform: Platform) -> str:
    try:
        found = evidence(platform)
    finally:
        start_fleet(platform)
    if found.differences:
        raise click.ClickException(
            "\n  ".join(["the check found differences:", *found.differences])
        )
    distinct = len({alert.alert_id for alert in found.alerts})
    return (
        f"Passed: each of {len(found.rows):,} acknowledged records is in the archive once;"
        f" all {distinct:,} expected alerts, and no others, were published"
    )
