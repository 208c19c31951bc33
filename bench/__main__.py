"""`python -m bench [NAME...]`: runs the benches of these names, or all, and prints their tables."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import click

from bench.archiving import archiving_table
from bench.big_tables import big_tables_table
from bench.decode import decode_table
from bench.latency import WARM_UP_SECONDS, latency_table
from bench.live import Plan, live_table
from bench.loading import loading_table
from bench.notifying import notifying_table
from bench.pipeline import Watch
from bench.rows import rows_table
from bench.simulator import simulator_table
from bench.storing import storing_table
from bench.tables import Table, table_json, table_text
from bench.verifying import verifying_table
from local.run_folder import claimed

RESULTS = Path(".run/bench")
WORK = RESULTS / "work"
# Of the website's.
SQLITE_ROWS = 100_000
BACKLOG_ALERTS = 60_000


@click.group(
    chain=True,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "show_default": True},
)
@click.pass_context
def main(context: click.Context) -> None:
    """Measure the platform's parts, each against a peer in the same run.

    Several benches may be named, each with its options; none means all. The tables are also
    kept as JSON in .run/bench.
    """
    context.obj = []
    if context.invoked_subcommand is None:
        for command in main.commands.values():
            context.invoke(command)


@main.result_callback()
@click.pass_obj
def check(wrong: list[str], *_results: object) -> None:
    """Called when all benches are through: fails if figures do not count."""
    if wrong:
        raise click.ClickException("; ".join(wrong))


@main.command()
def decode() -> None:
    """A report's JSON read and written, on one core."""
    show("decode", decode_table)


@main.command()
def rows() -> None:
    """Records to Arrow rows to Parquet, on one core."""
    show("rows", rows_table)


@main.command()
@click.option("--reports", type=click.IntRange(1), default=300_000, help="To send, each time.")
def simulator(reports: int) -> None:
    """The simulator as fast as it goes, against a bare producer."""
    with work_folder() as folder:
        show("simulator", lambda: simulator_table(folder, reports))


@main.command()
@click.option("--rows", type=click.IntRange(1), default=60_000, help="Of the file.")
def loading(rows: int) -> None:
    """The loader as fast as it goes, against a bare producer."""
    with work_folder() as folder:
        show("loading", lambda: loading_table(folder, rows))


@main.command()
@click.option("--records", type=click.IntRange(1), default=600_000, help="In each backlog.")
@click.option("--peer/--no-peer", default=True, help="Against Spark, or without.")
def archiving(records: int, peer: bool) -> None:
    """One archiving worker through a backlog, against Spark Structured Streaming."""
    with work_folder() as folder:
        show("archiving", lambda: archiving_table(folder, records, peer))


@main.command()
@click.option("--objects", type=click.IntRange(1), default=20_000, help="Of the archive.")
def verify(objects: int) -> None:
    """The names and footers of an archive in MinIO, against minio-py."""
    with work_folder() as folder:
        show("verify", lambda: verifying_table(folder, objects))


@main.command()
@click.option("--seconds", type=click.IntRange(1), default=60, help="To measure, after a warm-up.")
@click.option("--rate", type=click.IntRange(1), default=4_000, help="Reports a second.")
@click.option("--loading", is_flag=True, help="While history is loaded as fast as it goes.")
@click.option("--garbage", type=click.IntRange(0), default=0, help="Records/s, for 10 s.")
def latency(seconds: int, rate: int, loading: bool, garbage: int) -> None:
    """Report acknowledged to alert readable, with the whole pipeline running."""
    watch = Watch(rate, seconds, WARM_UP_SECONDS, loading, garbage)
    name = "latency" + ("-loading" if loading else "") + ("-garbage" if garbage else "")
    with work_folder() as folder:
        show(name, lambda: latency_table(folder, watch))


@main.command()
@click.option("--seconds", type=click.IntRange(1), default=60, help="At the steady rate.")
@click.option("--rate", type=click.IntRange(1), default=40, help="Alerts a second: 200 GB a day.")
def notifying(seconds: int, rate: int) -> None:
    """Alerts to mails and webhooks, against bare clients of the same servers."""
    with work_folder() as folder:
        show("notifying", lambda: notifying_table(folder, seconds, rate))


@main.command()
@click.option(
    "--part",
    "parts",
    type=click.Choice(["live", "tables", "storing"]),
    multiple=True,
    help="Only this; may be said twice.  [default: all]",
)
@click.option("--seconds", type=click.IntRange(1), default=60, help="To measure live pages.")
@click.option("--rate", type=click.IntRange(1), default=40, help="Alerts a second: 200 GB a day.")
@click.option("--pages", type=click.IntRange(3), default=50, help="Open at once, two in Chromium.")
@click.option("--rows", type=click.IntRange(1_000), default=100_000, help="In PostgreSQL.")
def website(parts: Sequence[str], seconds: int, rate: int, pages: int, rows: int) -> None:
    """Alerts to open pages, big tables, a backlog stored."""
    tables: dict[str, Callable[[Path], Table]] = {
        "live": lambda folder: live_table(folder, Plan(pages, seconds, rate)),
        "tables": lambda folder: big_tables_table(folder, rows, SQLITE_ROWS),
        "storing": lambda folder: storing_table(folder, BACKLOG_ALERTS),
    }
    for part in parts or tables:
        with work_folder() as folder:
            show(f"website-{part}", partial(tables[part], folder))


@contextmanager
def work_folder() -> Iterator[Path]:
    """An empty folder for Kafka's data and all else; gone afterwards if all went well."""
    with claimed(WORK) as folder:
        yield folder
    shutil.rmtree(folder)


def show(name: str, table_of: Callable[[], Table]) -> None:
    """Run the bench, print its table and keep it as JSON."""
    table = table_of()
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / f"{name}.json").write_bytes(table_json(table))
    click.echo(table_text(table))
    click.get_current_context().obj.extend(table.wrong)


if __name__ == "__main__":
    main()
