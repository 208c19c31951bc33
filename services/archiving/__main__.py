"""`python -m services.archiving`: reads the settings once and wires the parts."""

import os
import uuid
from pathlib import Path
from typing import Any

import click

from services.archiving.folder_store import FolderStore
from services.archiving.limits import MEBIBYTE, FlushLimits
from services.archiving.minio_store import MinioStore
from services.archiving.s3_client import S3Location, is_endpoint
from services.archiving.store import (
    Store,
    StoreRefusalError,
    StoreUnavailableError,
    is_create_only,
)
from services.archiving.worker import ArchivingWorker, Clocks
from services.reports import topics
from services.runtime.clock import now_ms
from services.runtime.settings import component_command, process_options
from services.stream.component import group_options, run_component
from services.stream.connection import KafkaConnection, kafka_options
from services.stream.identity import TopicIdentity
from services.stream.worker import NotNow

SECRET_KEY_VARIABLE = "DRONEWATCH_S3_SECRET_KEY"

# Fewer, larger fetches cost less; what is fetched ahead counts as memory.
FETCH_SETTINGS: dict[str, Any] = {
    "fetch_min_bytes": 256 * 1024,
    "fetch_max_bytes": 16 * MEBIBYTE,
    "max_partition_fetch_bytes": 2 * MEBIBYTE,
    "max_poll_records": 5_000,
}


@component_command("dronewatch-archive")
@kafka_options
@process_options
@group_options
@click.option("--reports-topic", default=topics.REPORTS, help="Read from.")
@click.option("--group", default="archiving", help="Consumer group.")
@click.option(
    "--store-folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Archive into this folder instead of an S3 store.",
)
@click.option(
    "--s3-endpoint",
    help="URL of MinIO or another S3 store, e.g. http://minio:9000; several with commas between.",
)
@click.option("--s3-bucket", default="dronewatch", help="Bucket; it must exist.")
@click.option("--s3-region", default="us-east-1")
@click.option("--s3-access-key", help=f"User; its secret: {SECRET_KEY_VARIABLE} or a file.")
@click.option(
    "--s3-secret-key-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File that holds the user's secret.",
)
@click.option(
    "--s3-ca-file", type=click.Path(exists=True, dir_okay=False), help="The store's CA, PEM."
)
@click.option(
    "--object-mebibytes",
    type=click.IntRange(1),
    default=64,
    help="Put an object at this much raw data.",
)
@click.option(
    "--object-age-seconds",
    type=click.FloatRange(0, min_open=True),
    default=300.0,
    help="Put an object at this age.",
)
@click.option(
    "--memory-mebibytes",
    type=click.IntRange(1),
    default=160,
    help="Memory for records not yet archived.",
)
def main(connection: KafkaConnection, **settings: Any) -> None:
    """Keep every report, exactly once, as Parquet objects."""
    store = _store(settings)
    topic = settings["reports_topic"]
    limits = FlushLimits(
        object_raw_bytes=settings["object_mebibytes"] * MEBIBYTE,
        object_age_seconds=settings["object_age_seconds"],
        memory_bytes=settings["memory_mebibytes"] * MEBIBYTE,
    )

    def worker() -> ArchivingWorker:
        _check(store)
        return ArchivingWorker(store, TopicIdentity(connection, topic), limits, Clocks(now_ms))

    run_component(connection, settings, topic, worker, **FETCH_SETTINGS)


def _store(settings: dict[str, Any]) -> Store:
    if settings["store_folder"]:
        return FolderStore(settings["store_folder"])
    secret_file = settings["s3_secret_key_file"]
    secret = secret_file.read_text().strip() if secret_file else os.environ.get(SECRET_KEY_VARIABLE)
    if not (settings["s3_endpoint"] and settings["s3_access_key"] and secret):
        message = (
            "say where to archive: --store-folder, or --s3-endpoint and --s3-access-key"
            f" with --s3-secret-key-file or {SECRET_KEY_VARIABLE}"
        )
        raise click.UsageError(message)
    location = S3Location(
        endpoint=settings["s3_endpoint"],
        bucket=settings["s3_bucket"],
        access_key=settings["s3_access_key"],
        secret_key=secret,
        region=settings["s3_region"],
        ca_file=settings["s3_ca_file"],
    )
    wrong = [url for url in location.endpoints if not is_endpoint(url)]
    if wrong:
        raise click.UsageError(f"--s3-endpoint must be http(s)://host:port, not {wrong[0]!r}")
    return MinioStore(location)


def _check(store: Store) -> None:
    """Refuse a store in which two workers could overwrite each other."""
    try:
        is_safe = is_create_only(store, f"probes/{uuid.uuid4().hex}")
    except StoreUnavailableError as error:
        raise NotNow(f"the store does not answer: {error}") from error
    except StoreRefusalError as error:
        raise click.ClickException(f"the store refuses us: {error}") from error
    if not is_safe:
        message = "the store lets two puts of one name win (If-None-Match is ignored): use another"
        raise click.ClickException(message)


if __name__ == "__main__":
    main()
