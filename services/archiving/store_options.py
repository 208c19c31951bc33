"""Where the archive is: the options of every command of it."""

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from services.archiving.folder_store import FolderStore
from services.archiving.minio_store import MinioStore
from services.archiving.s3_client import S3Location, is_endpoint
from services.archiving.store import Store

SECRET_KEY_VARIABLE = "DRONEWATCH_S3_SECRET_KEY"

Command = Callable[..., Any]


def store_options(command: Command) -> Command:
    """Adds the store's options; the command gets them as one `store`."""

    @click.option(
        "--store-folder",
        type=click.Path(file_okay=False, path_type=Path),
        help="The archive is this folder and not an S3 store.",
    )
    @click.option(
        "--s3-endpoint",
        help="URL of MinIO or another S3 store, e.g. http://minio:9000; commas between several.",
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
    @functools.wraps(command)
    def with_store(*args: Any, **kwargs: Any) -> Any:
        given = {name: kwargs.pop(name) for name in list(kwargs) if name.startswith("s3_")}
        folder = kwargs.pop("store_folder")
        return command(*args, store=FolderStore(folder) if folder else _s3_store(given), **kwargs)

    return with_store


def _s3_store(settings: dict[str, Any]) -> Store:
    secret_file = settings["s3_secret_key_file"]
    secret = secret_file.read_text().strip() if secret_file else os.environ.get(SECRET_KEY_VARIABLE)
    if not (settings["s3_endpoint"] and settings["s3_access_key"] and secret):
        message = (
            "say where the archive is: --store-folder, or --s3-endpoint and --s3-access-key"
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
