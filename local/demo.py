"""The main job on this machine, end to end; then its check and its figures. For `make demo`."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click
from kafka.errors import KafkaError

from local.checks import PublishedAlert, Row, alert_differences, archive_differences
from local.components import Fleet, analysis_command
from local.evidence import archive_objects, archive_rows
from local.figures import Figures, figure_lines
from local.pipeline import stream
from local.processes import await_end, running, start
from local.progress import announce
from simulator.ledger import Entry, entries

ANALYSIS_SECONDS = 6 * 3600.0


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was sent, and what came of it."""

    sent: Sequence[Entry]
    rows: Sequence[Row]
    alerts: Sequence[PublishedAlert]


def run_demo(fleet: Fleet, folder: Path, with_analysis: bool) -> None:
    """Everything, in a run folder of its own. ClickException if a part or the check fails."""
    try:
        alerts = stream(fleet, folder)
    except KafkaError as error:
        raise click.ClickException(f"Kafka failed: {error}; see {folder}/kafka") from error
    if with_analysis:
        _analyse(folder)
    announce("Checking what came out against what was sent")
    sent, rows = entries(folder / "ledger.jsonl"), archive_rows(folder / "archive")
    _report(Evidence(tuple(sent), tuple(rows), alerts), folder)


def _analyse(folder: Path) -> None:
    announce("Asking Spark")
    command = analysis_command(folder / "archive", folder / "results", folder / "spark.log")
    analysis = start("analysis", command, folder / "analysis.log", stdout=sys.stdout)
    with running(analysis):
        await_end(analysis, ANALYSIS_SECONDS)


def _report(found: Evidence, folder: Path) -> None:
    """Print figures and verdict; ClickException, so a non-zero exit, if something differs."""
    for line in figure_lines(_figures(found, folder / "archive")):
        click.echo(f"    {line}")
    click.echo(f"    Files    {folder}")
    differences = (
        *archive_differences(found.sent, found.rows),
        *alert_differences(found.sent, found.alerts),
    )
    if differences:
        raise click.ClickException("\n  ".join(["the check found differences:", *differences]))
    click.echo(f"    Check    passed: {_proof(found)}")


def _figures(found: Evidence, archive: Path) -> Figures:
    objects = archive_objects(archive)
    arrivals = [row.arrived_ms for row in found.rows] or [0]
    return Figures(
        reports=len(found.rows),
        seconds=(max(arrivals) - min(arrivals)) / 1000,
        archive_objects=len(objects),
        archive_bytes=sum(path.stat().st_size for path in objects),
        alert_latencies_ms=[alert.latency_ms for alert in found.alerts],
    )


def _proof(found: Evidence) -> str:
    distinct = len({alert.alert_id for alert in found.alerts})
    return (
        f"each of {len(found.rows):,} acknowledged records is in the archive once;"
        f" all {distinct:,} expected alerts, and no others, were published"
    )
