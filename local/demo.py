"""The main job on this machine, end to end; then its check and its figures. For `make demo`."""

import math
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import click
from kafka.errors import KafkaError

from local.base import Base, running_base
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
from local.processes import Goal, await_end, await_until, running, start
from local.progress import announce, show
from local.visitor import shown_alerts
from local.website import Website, login_lines
from services.loading.rows import SOURCE as HISTORY
from simulator import history_file
from simulator.ledger import Entry, entries

ANALYSIS_SECONDS = 6 * 3600.0
CTRL_C = Goal("somebody should press Ctrl-C", math.inf)
LOOK_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was sent, and what came of it.

    rows are the drones' and what is no report; summonses the rows of the history file; mails and
    webhooks the alerts that each carried; shown those of each of the website's pages.
    """

    sent: Sequence[Entry]
    rows: Sequence[Row]
    alerts: Sequence[PublishedAlert]
    summonses: Sequence[history_file.Entry]
    history_rows: Sequence[Row]
    rejected_lines: Sequence[int]
    mails: Sequence[Sequence[str]]
    webhooks: Sequence[Sequence[str]]
    shown: Sequence[Sequence[str]]


def is_kept(is_terminal: bool, environ: Mapping[str, str]) -> bool:
    """Whether the website stays up at the end: on a terminal, unless CI=true or KEEP=0."""
    return is_terminal and environ.get("CI") != "true" and environ.get("KEEP") != "0"


def run_demo(
    fleet: Fleet, folder: Path, with_analysis: bool, website_port: int, stays: bool
) -> None:
    """Everything, in a run folder of its own; if it stays, then the website until Ctrl-C.

    ClickException if a part or the check fails.
    """
    try:
        with running_base(folder, website_port) as base:
            alerts = stream(fleet, base, folder)
            if with_analysis:
                _analyse(folder)
            announce("Checking what came out against what was sent")
            _report(_evidence(alerts, base.website, folder), folder)
            if stays:
                _stay_up(base)
    except KafkaError as error:
        raise click.ClickException(f"Kafka failed: {error}; see {folder}/kafka") from error


def _stay_up(base: Base) -> None:
    with suppress(KeyboardInterrupt):
        announce("The website stays up until you press Ctrl-C")
        show(login_lines(base.website))
        await_until(lambda: False, base.children, CTRL_C, LOOK_SECONDS)
    announce("Stopping the website and Kafka")


def _evidence(alerts: Sequence[PublishedAlert], website: Website, folder: Path) -> Evidence:
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
        # A viewer is not told the citizens' names: to count alerts puts nobody into the audit.
        shown=shown_alerts(website.address, website.viewer),
    )


def _analyse(folder: Path) -> None:
    announce("Asking Spark")
    command = analysis_command(folder / "archive", folder / "results", folder / "spark.log")
    analysis = start("analysis", command, folder / "analysis.log", stdout=sys.stdout)
    with running(analysis):
        await_end(analysis, ANALYSIS_SECONDS)


def _report(found: Evidence, folder: Path) -> None:
    """Print figures and verdict; ClickException, so a non-zero exit, if something differs."""
    show(figure_lines(_figures(found, folder / "archive")))
    show([f"Mailbox  {notice_files(folder).mails}", f"Files    {folder}"])
    differences = (
        *archive_differences(found.sent, found.rows),
        *alert_differences(found.sent, found.alerts),
        *history_differences(found.summonses, found.history_rows, found.rejected_lines),
        *notice_differences(found.alerts, found.mails, "mailed"),
        *notice_differences(found.alerts, found.webhooks, "posted"),
        *notice_differences(found.alerts, found.shown, "on the website"),
    )
    if differences:
        raise click.ClickException("\n  ".join(["the check found differences:", *differences]))
    show([f"Check    passed: {_proof(found)}"])


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
        shown=sum(map(len, found.shown)),
    )


def _proof(found: Evidence) -> str:
    distinct = len({alert.alert_id for alert in found.alerts})
    history = "; each row of history too, or set aside with its reason" if found.summonses else ""
    return (
        f"each of {len(found.rows):,} acknowledged records is in the archive once{history};"
        f" all {distinct:,} expected alerts, and no others, were published, and each was mailed"
        " once, posted once and is on the website once"
    )
