"""`python -m services.loading FILE...`: reads the settings once and wires the parts."""

import gc
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from kafka.util import ensure_valid_topic_name

from services.loading.command import Command, load_all
from services.loading.loader import Bounds
from services.loading.plan import Terms
from services.reports import topics
from services.runtime.logs import configure_logs
from services.runtime.settings import component_command
from services.runtime.stopping import stop_on_signals
from services.stream.connection import KafkaConnection, kafka_options
from services.stream.producer import compression_option

GC_OBJECTS = 10_000
PLACE = click.Path(path_type=Path)


def topic_name(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    """A name that Kafka allows; BadParameter if it is none."""
    try:
        ensure_valid_topic_name(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error
    return value


@component_command("dronewatch-load")
@click.argument(
    "files",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path),
)
@kafka_options
@click.option("--topic", default=topics.REPORTS, callback=topic_name, help="Reports go to.")
@click.option(
    "--dry-run", is_flag=True, help="Only look at the rows: no Kafka, nothing is written."
)
@click.option("--restart", is_flag=True, help="Begin anew, whatever an earlier run has sent.")
@click.option("--limit", type=click.IntRange(1), help="Rows at most, in this run.")
@click.option("--rate", type=click.IntRange(1), help="Rows a second at most.")
@compression_option
@click.option(
    "--max-rejected",
    type=click.FloatRange(0, 1),
    default=1.0,
    help="Stop when more than this share of the rows is rejected.",
)
@click.option(
    "--checkpoint",
    type=PLACE,
    help="How far a file is loaded: a file, or a folder.  [default: beside FILE]",
)
@click.option(
    "--rejected",
    type=PLACE,
    help="Rows that are not sent: a file, or a folder.  [default: FILE.rejected.csv]",
)
def main(connection: KafkaConnection, files: Sequence[Path], **given: Any) -> None:
    """Load New York's parking violations: FILES are .csv, .csv.gz or .zip; - is standard input.

    Started again after whatever ended it, the same command continues.
    """
    configure_logs("console", "info")
    # What is imported stays; reports and futures come and go without cycles: a tenth of the time.
    gc.freeze()
    gc.set_threshold(GC_OBJECTS)
    command = Command(
        files=files,
        checkpoint=given["checkpoint"],
        rejected=given["rejected"],
        terms=Terms(given["topic"], given["restart"], given["compression"]),
        bounds=Bounds(given["limit"], given["rate"], given["max_rejected"]),
        connection=None if given["dry_run"] else connection,
    )
    sys.exit(0 if load_all(command, stop_on_signals()) else 1)


if __name__ == "__main__":
    main()
