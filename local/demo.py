"""The main job on this machine, end to end; then its check and its figures. For `make demo`."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click
from kafka.errors import KafkaError

from local.checks import (
    PublishedAlert,
    Row,
    alert_differences,
    archive_differences,
    history_differences,
    notice_differences,
)
from local.components import Fleet, analysis_command
from local.evidence import (
    archive_objects,
    archive_rows,
    mailed_alerts,
    posted_alerts,
    rejected_lines,
)
from local.figures import Figures, figure_lines
from local.history import history_files
from local.notices import notice_files
from local.pipeline import stream
from local.processes import await_end, running, start
from local.progress import announce
from services.loading.rows import SOURCE as HISTORY
from simulator import history_file
from simulator.ledger import Entry, entries

ANALYSIS_SECONDS = 6 * 3600.0


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was sent, and what came of it.

    rows are the drones' and what is no report; summonses the rows of the history file; mails and
    webhooks the alerts that each carried.
    """

    sent: Sequence[Entry]
    rows: Sequence[Row]
    alerts: Sequence[PublishedAlert]
    summonses: Sequence[history_file.Entry]
    history_rows: Sequence[Row]
    rejected_lines: Sequence[int]
    mails: Sequence[Sequence[str]]
    webhooks: Sequence[Sequence[str]]


def run_demo(fleet: Fleet, folder: Path, with_analysis: bool) -> None:
    """Everything, in a run folder of its own. ClickException if a part or the check fails."""
    try:
        alerts = stream(fleet, folder)
    except KafkaError as error:
        raise click.ClickException(f"Kafka failed: {error}; see {folder}/kafka") from error
    if with_analysis:
        _analyse(folder)
    announce("Checking what came out against what was sent")
    _report(_evidence(alerts, folder), folder)


def _evidence(alerts: Sequence[PublishedAlert], folder: Path) -> Evidence:
    rows, files = tuple(archive_rows(folder / "archive")), history_files(folder)
    has_history, notices = files.ledger.exists(), notice_files(folder)
    return Evidence(
        sent=tuple(entries(folder / "ledger.jsonl")),
        rows=[row for row in rows if row.source != HISTORY],
        alerts=alerts,
        summonses=tuple(history_file.entries(files.ledger)) if has_history else (),
        history_rows=[row for row in rows if row.source == HISTORY],
        rejected_lines=rejected_lines(files.rejected),
        mails=mailed_alerts(notices.mails),
        webhooks=posted_alerts(notices.events),
    )


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
    click.echo(f"    Mailbox  {notice_files(folder).mails}")
    click.echo(f"    Files    {folder}")
    differences = (
        *archive_differences(found.sent, found.rows),
        *alert_differences(found.sent, found.alerts),
        *history_differences(found.summonses, found.history_rows, found.rejected_lines),
        *notice_differences(found.alerts, found.mails, "mailed"),
        *notice_differences(found.alerts, found.webhooks, "posted"),
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
        history_reports=len(found.history_rows),
        history_rejected=len(found.rejected_lines),
        mails=[len(mail) for mail in found.mails],
        webhooks=[len(webhook) for webhook in found.webhooks],
    )


def _proof(found: Evidence) -> str:
    distinct = len({alert.alert_id for alert in found.alerts})
    history = "; each row of history too, or set aside with its reason" if found.summonses else ""
    return (
        f"each of {len(found.rows):,} acknowledged records is in the archive once{history};"
        f" all {distinct:,} expected alerts, and no others, were published, and each was mailed"
        " once and posted once"
    )
