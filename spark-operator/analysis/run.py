"""One run: read the archive, ask every question, print and write the answers. The thin shell."""

import logging
import time
from dataclasses import dataclass
from datetime import UTC, datetime

import click
from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession

from analysis.answers import Answer, answer_to
from analysis.archive import ArchivedReports, Arrival, read_reports
from analysis.charts import picture
from analysis.criteria import Criteria
from analysis.failures import FAILURES, reason
from analysis.questions import Question
from analysis.results import Manifest, Run, run_of, write_result
from analysis.storage import S3Access, Storage, s3a_settings
from analysis.tables import text_table
from analysis.views import register_views


@dataclass(frozen=True, slots=True)
class Task:
    """What one run is to do."""

    archive: Storage
    results: Storage
    arrival: Arrival
    criteria: Criteria
    questions: tuple[Question, ...]


def analyse(
    spark: SparkSession, task: Task, access: S3Access, run_name: str | None
) -> dict[str, str]:
    """Answer all questions; of those that failed, the name and why. ClickException without an
    archive.
    """
    # pyspark logs each of its exceptions as JSON; we say them in one line.
    logging.getLogger("SQLQueryContextLogger").disabled = True
    logging.getLogger("DataFrameQueryContextLogger").disabled = True
    if task.archive.is_remote:
        _give_access(spark, access)
    started_at = datetime.now(UTC)
    archived = _read(spark, task)
    register_views(archived.reports)
    run = run_of(
        run_name or f"{started_at:%Y-%m-%dT%H-%M-%SZ}",
        started_at,
        task.archive.uri,
        task.arrival,
        archived.counts,
    )
    asked = enumerate(task.questions, start=1)
    outcomes = {
        question.name: _settle(
            question, f"[{number}/{len(task.questions)}]", archived.reports, task, run
        )
        for number, question in asked
    }
    return {name: why for name, why in outcomes.items() if why}


def _give_access(spark: SparkSession, access: S3Access) -> None:
    # Not among the settings that Spark starts with: those stand on Java's command line.
    for key, value in s3a_settings(access).items():
        spark.conf.set(key, value)


def _read(spark: SparkSession, task: Task) -> ArchivedReports:
    began = time.monotonic()
    try:
        archived = read_reports(spark, task.archive, task.arrival)
    except (PySparkException, Py4JError) as error:
        message = f"cannot read the archive {task.archive.uri}: {reason(error)}"
        raise click.ClickException(message) from error
    counts = archived.counts
    click.echo(
        f"Read {task.archive.uri} in {time.monotonic() - began:.1f} s: {counts.rows:,} rows ="
        f" {counts.reports:,} reports + {counts.copies:,} copies + {counts.rejected:,} rejected"
    )
    return archived


def _settle(question: Question, number: str, reports: DataFrame, task: Task, run: Run) -> str:
    """Answer, print and write one question; empty, or why that failed, in one line."""
    click.echo(f"\n{number} {question.title}")
    began = time.monotonic()
    try:
        answer = answer_to(question, reports, task.criteria)
    except FAILURES as error:
        return _failed(question, f"no answer: {reason(error)}")
    seconds = time.monotonic() - began
    click.echo(text_table(answer.table.column_names, answer.table.to_pylist()))
    return _keep(question, answer, _manifest(question, answer, run, seconds), task)


def _keep(question: Question, answer: Answer, manifest: Manifest, task: Task) -> str:
    chart = picture(question.draw, answer.table.to_pylist(), question.title, _subtitle(manifest))
    try:
        folder = write_result(task.results, manifest, answer.table, chart)
    except OSError as error:
        return _failed(question, f"cannot write to {task.results.uri}: {error}")
    cut = f"; cut to the first {manifest.rows:,} rows" if manifest.is_cut else ""
    click.echo(f"({manifest.seconds:.1f} s{cut}; {folder})")
    return ""


def _failed(question: Question, why: str) -> str:
    click.echo(f"{question.name}: {why}", err=True)
    return why


def _manifest(question: Question, answer: Answer, run: Run, seconds: float) -> Manifest:
    return Manifest(
        question=question.name,
        title=question.title,
        run=run,
        answered_at=datetime.now(UTC),
        seconds=round(seconds, 3),
        rows=answer.table.num_rows,
        is_cut=answer.is_cut,
        columns=answer.table.column_names,
    )


def _subtitle(manifest: Manifest) -> str:
    run = manifest.run
    ends = [
        f"{word} {moment:%Y-%m-%d %H:%M}"
        for word, moment in (("from", run.arrived_from), ("before", run.arrived_before))
        if moment
    ]
    arrived = f", arrived {' and '.join(ends)} (UTC)" if ends else ""
    return f"{run.input_rows['reports']:,} reports{arrived}"
