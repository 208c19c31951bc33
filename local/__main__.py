"""`python -m local demo`: reads the settings once and runs the demo."""

import contextlib
import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import click

from local.components import MISSIONS, Fleet
from local.demo import is_kept, run_demo
from local.jars import kafka_jars
from local.minio import NoMinioError, minio_executable
from local.run_folder import claimed

RUN_FOLDER = Path(".run") / "demo"


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Dronewatch on this machine, without Kubernetes."""
    signal.signal(signal.SIGTERM, _interrupt)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    """SIGTERM ends the demo as Ctrl-C does: every child is stopped on the way out."""
    raise KeyboardInterrupt


@main.command(context_settings={"show_default": True, "max_content_width": 100})
@click.option("--mission", type=click.Choice(list(MISSIONS)), default="both")
@click.option(
    "--days", type=click.FloatRange(0, min_open=True), default=14.0, help="Simulated days."
)
@click.option("--drones", type=click.IntRange(1), default=6, help="Drones of each mission.")
@click.option(
    "--rate",
    type=click.FloatRange(0),
    default=4000.0,
    help="Reports a second at most; 0 is as fast as it goes. 4000/s is 200 GB a day.",
)
@click.option("--seed", type=click.IntRange(0), default=1, help="The same seed, the same reports.")
@click.option(
    "--fault-share",
    type=click.FloatRange(0, 1),
    default=0.001,
    help="Share of records that are garbage, duplicates or late.",
)
@click.option(
    "--history-rows",
    type=click.IntRange(0),
    default=5_000,
    help="Rows of a city's parking history to load beside the drones; 0 is none.",
)
@click.option(
    "--run-folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=RUN_FOLDER,
    help="Where everything of the run is kept; emptied at the start.",
)
@click.option(
    "--website-port",
    type=click.IntRange(1, 65535),
    default=8000,
    help="Of the website; if it is not free, another one.",
)
@click.option("--analysis/--no-analysis", "with_analysis", default=True, help="Ask Spark, or not.")
def demo(run_folder: Path, with_analysis: bool, website_port: int, **fleet: Any) -> None:
    """The main job, end to end: drones, Kafka, alerts, archive, answers; then a check of it all.

    On a terminal the website then stays up until Ctrl-C, unless CI=true or KEEP=0.
    """
    kafka_jars()
    stays = is_kept(sys.stdout.isatty(), os.environ)
    with claimed(run_folder) as folder:
        run_demo(Fleet(**fleet), folder, with_analysis, website_port, stays)


@main.command()
def prepare() -> None:
    """Fetch what the tests need from the registries: Kafka's jars; MinIO, if Go can build it."""
    kafka_jars()
    with contextlib.suppress(NoMinioError):
        minio_executable()


if __name__ == "__main__":
    main()
