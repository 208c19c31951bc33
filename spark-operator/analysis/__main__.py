"""`python -m analysis`: reads the settings once and wires the parts."""

import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import click

from analysis.archive import day_folders
from analysis.criteria import Criteria
from analysis.options import run_options
from analysis.questions import Question, built_in, sql_question
from analysis.run import Task, analyse
from analysis.session import launch_settings, spark_session
from analysis.storage import S3Access, storage_at
from services.runtime.settings import component_command


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Answer questions about the archived reports with Spark."""


@main.command()
def questions() -> None:
    """List the questions that are always there."""
    for question in built_in(Criteria()):
        click.echo(f"{question.name:22}{question.title}")


@component_command("run")
@run_options
def run(archive: str, results: str, access: S3Access, **given: Any) -> None:
    """Answer questions; print the answers, write them as JSON, Parquet and charts."""
    task = Task(
        storage_at(archive, access),
        storage_at(results, access),
        given["arrival"],
        given["criteria"],
        _chosen(given["question"], given["sql"], given["criteria"]),
    )
    # Before the seconds that Spark takes to start: is there an archive at all?
    day_folders(task.archive, task.arrival)
    with tempfile.TemporaryDirectory(prefix="dronewatch-analysis-") as scratch:
        spark_log = given["spark_log"] or Path(scratch, "spark.log")
        settings = launch_settings(given["master"], Path(scratch), task.archive.is_remote)
        click.echo("Starting Spark ...", err=True)
        with spark_session(settings, spark_log) as spark:
            failed = analyse(spark, task, access, given["run_name"])
    click.echo(f"\nResults: {task.results.uri}")
    if failed:
        # Again, and why: Kubernetes shows the last lines alone.
        raise click.ClickException("; ".join(f"{name}: {why}" for name, why in failed.items()))


def _chosen(
    names: tuple[str, ...], sql_files: tuple[Path, ...], criteria: Criteria
) -> tuple[Question, ...]:
    known = {question.name: question for question in built_in(criteria)}
    names = tuple(known) if "all" in names else names
    unknown = [name for name in names if name not in known]
    if unknown:
        raise click.UsageError(f"no question {unknown[0]}: choose from {', '.join(known)}")
    wanted = names or (() if sql_files else tuple(known))
    chosen = (*(known[name] for name in wanted), *map(_from_file, sql_files))
    name, count = Counter(question.name for question in chosen).most_common(1)[0]
    if count > 1:
        raise click.UsageError(f"{count} questions would be called {name}: rename or leave out")
    return chosen


def _from_file(sql_file: Path) -> Question:
    try:
        return sql_question(sql_file)
    except (OSError, UnicodeDecodeError) as error:
        raise click.UsageError(f"cannot read {sql_file}: {error}") from error


main.add_command(run)

if __name__ == "__main__":
    main(prog_name="dronewatch-analyse")
