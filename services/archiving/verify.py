"""`dronewatch-verify`: says from names and footers whether the archive's chains are whole.

Exit code: 0 whole, 1 broken, 2 wrong usage, 3 the store or Kafka gave no answer.
"""

import sys
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource
from kafka.errors import KafkaError
from tqdm import tqdm

from services.archiving.folder_store import FolderStore
from services.archiving.store import Store, StoreError
from services.archiving.store_options import store_options
from services.archiving.verification.findings import ArchiveReport
from services.archiving.verification.kafka_offsets import KafkaOffsets
from services.archiving.verification.output import as_json, lines
from services.archiving.verification.scan import scanned
from services.reports import topics
from services.runtime.settings import component_command
from services.stream.connection import KafkaConnection, kafka_options
from services.stream.worker import NotNow

BROKEN = 1


class NotVerifiedError(click.ClickException):
    """The archive could be whole or broken: something that was asked gave no answer."""

    exit_code = 3


@component_command("dronewatch-verify")
@kafka_options
@store_options
@click.option("--reports-topic", default=topics.REPORTS, help="Archived topic.")
@click.option("--group", default="archiving", help="Consumer group of archiving.")
@click.option("--json", "json_file", help="Write all findings to this file; - for standard output.")
def main(connection: KafkaConnection, store: Store, **settings: Any) -> None:
    """Say whether the archive is whole, from its objects' names and footers.

    Given --kafka-bootstrap-servers, the ends of the chains are compared with Kafka's offsets.
    """
    if isinstance(store, FolderStore) and not store.root.is_dir():
        raise click.UsageError(f"there is no folder {store.root}")
    try:
        report = verified(store, connection if _is_kafka_given() else None, settings)
    except (StoreError, NotNow) as error:
        raise NotVerifiedError(str(error)) from error
    except KafkaError as error:
        raise NotVerifiedError(f"Kafka: {error or type(error).__name__}") from error
    _write(report, settings["json_file"])
    sys.exit(0 if report.is_whole else BROKEN)


def _is_kafka_given() -> bool:
    source = click.get_current_context().get_parameter_source("kafka_bootstrap_servers")
    return source is not ParameterSource.DEFAULT


def verified(
    store: Store, connection: KafkaConnection | None, settings: dict[str, Any]
) -> ArchiveReport:
    """Scan the archive, with a progress bar on a terminal. StoreError, KafkaError, NotNow."""
    kafka = None
    if connection is not None:
        kafka = KafkaOffsets.read(connection, settings["reports_topic"], settings["group"])
    with tqdm(unit=" objects", disable=None, dynamic_ncols=True) as bar:
        report = scanned(store, bar.update)
    return kafka.compared(report, store) if kafka else report


def _write(report: ArchiveReport, json_file: str | None) -> None:
    if json_file != "-":
        for line in lines(report):
            click.echo(line)
    if json_file == "-":
        click.echo(as_json(report))
    elif json_file:
        try:
            Path(json_file).write_text(as_json(report) + "\n")
        except OSError as error:
            raise click.UsageError(f"--json {json_file}: {error.strerror}") from error


if __name__ == "__main__":
    main()
