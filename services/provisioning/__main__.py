"""`python -m services.provisioning`: what the charts' Jobs run, before and beside the store.

All commands may run any number of times: what is there stays, what is missing comes.
"""

import os
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

import click
import msgspec
import structlog
from kubernetes import client, config
from kubernetes.client.exceptions import ApiException
from kubernetes.config.config_exception import ConfigException
from minio import Minio
from minio.error import S3Error
from urllib3.exceptions import HTTPError

from services.provisioning.credentials import (
    STORE_ROOT,
    STORE_USER,
    WEBSITE,
    create_once,
    new_credentials,
)
from services.provisioning.fetching import NO_SUCH_OBJECT, fetch
from services.provisioning.policies import Layout
from services.provisioning.store import FAILURES, Keys, administration, provision, reader
from services.runtime.logs import configure_logs
from services.runtime.settings import component_command

RETRY_SECONDS = 2.0
REFUSED = (400, 401, 403)
SECRET_KEY_VARIABLE = "DRONEWATCH_S3_SECRET_KEY"

log = structlog.get_logger()


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Prepare what the platform stands on: credentials, the store's bucket and users, files."""


@component_command("secrets")
@click.option("--namespace", required=True, help="Where the Secrets are made.")
@click.option("--root", "root_secret", help="Secret for the store's root user.")
@click.option("--user", "user_secrets", multiple=True, help="Secret for a user; may be repeated.")
@click.option("--website", "website_secret", help="Secret for the website's key and operator.")
@click.option("--label", "labels", multiple=True, help="name=value, on each Secret made.")
def make_secrets(
    namespace: str,
    root_secret: str | None,
    user_secrets: tuple[str, ...],
    website_secret: str | None,
    labels: tuple[str, ...],
) -> None:
    """Make the Secrets that are missing, with random content."""
    configure_logs("auto", "info")
    named = dict(label.split("=", 1) for label in labels)
    single = ((root_secret, STORE_ROOT), (website_secret, WEBSITE))
    wanted = [
        *((name, STORE_USER) for name in user_secrets),
        *((name, keys) for name, keys in single if name),
    ]
    try:
        config.load_incluster_config()  # type: ignore[no-untyped-call]
        api = client.CoreV1Api()
        for name, keys in wanted:
            is_new = create_once(api, namespace, new_credentials(name, keys, named))
            log.info("secret made" if is_new else "secret stands", name=name)
    except ConfigException as error:
        raise click.ClickException(f"this runs in a pod with a ServiceAccount: {error}") from error
    except ApiException as error:
        raise click.ClickException(f"the API server refuses: {error.reason}") from error
    except HTTPError as error:
        raise click.ClickException(f"the API server does not answer: {error}") from error


@component_command("store")
@click.option("--endpoint", required=True, help="URL of the MinIO server.")
@click.option("--region", default="us-east-1")
@click.option(
    "--layout",
    "layout_file",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="JSON: bucket, users with the prefixes they read and write, lifecycle.",
)
@click.option(
    "--credentials",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder with root/{rootUser,rootPassword} and {accessKey,secretKey} in one for each user.",
)
@click.option(
    "--wait-seconds",
    type=click.FloatRange(0),
    default=300.0,
    help="Wait this long for a server that does not answer.",
)
def prepare_store(
    endpoint: str, region: str, layout_file: Path, credentials: Path, wait_seconds: float
) -> None:
    """Make bucket, lifecycle, policies and users as the layout says."""
    configure_logs("auto", "info")
    layout = read_layout(layout_file)
    keys = {name: read_keys(credentials / name, "accessKey", "secretKey") for name in layout.users}
    root = read_keys(credentials / "root", "rootUser", "rootPassword")
    server = administration(endpoint, root, region)
    prepare = partial(provision, server, layout, keys)
    _done_within(wait_seconds, prepare, _is_refusal, "the store was not prepared")
    log.info("store prepared", bucket=layout.bucket, users=sorted(layout.users))


@component_command("fetch")
@click.option("--s3-endpoint", required=True, help="URL of MinIO or another S3 store.")
@click.option("--s3-region", default="us-east-1")
@click.option("--s3-access-key", required=True, help=f"User; its secret: {SECRET_KEY_VARIABLE}.")
@click.option("--bucket", required=True, help="Where the objects are.")
@click.option(
    "--folder",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Where their copies are put, under the last part of their keys.",
)
@click.option(
    "--wait-seconds",
    type=click.FloatRange(0),
    default=300.0,
    help="Wait this long for a store that does not answer, or does not know the user yet.",
)
@click.argument("keys", nargs=-1, required=True)
def fetch_objects(bucket: str, folder: Path, keys: Sequence[str], **given: Any) -> None:
    """Copy the objects KEYS to files; a copy that stands there stays, half of one is continued."""
    configure_logs("auto", "info")
    secret = os.environ.get(SECRET_KEY_VARIABLE)
    if not secret:
        raise click.UsageError(f"no credentials: set {SECRET_KEY_VARIABLE}")
    user = Keys(given["s3_access_key"], secret)
    store = reader(given["s3_endpoint"], user, given["s3_region"])
    for key in keys:
        copy = partial(_copy, store, bucket, key, folder / PurePosixPath(key).name)
        _done_within(given["wait_seconds"], copy, _is_missing, f"{key} was not copied")


def _copy(store: Minio, bucket: str, key: str, target: Path) -> None:
    try:
        is_new = fetch(store, bucket, key, target)
    except OSError as error:
        raise click.ClickException(f"cannot write {target}: {error.strerror}") from error
    log.info("object copied" if is_new else "copy stands", key=key, bytes=target.stat().st_size)


def read_layout(file: Path) -> Layout:
    """The layout in a JSON file. UsageError if it is none."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=Layout)
    except msgspec.DecodeError as error:
        raise click.UsageError(f"{file}: {error}") from error


def read_keys(folder: Path, user: str, password: str) -> Keys:
    """Keys as a mounted Secret holds them. UsageError if one is missing."""
    try:
        return Keys((folder / user).read_text().strip(), (folder / password).read_text().strip())
    except OSError as error:
        raise click.UsageError(f"no credentials: {error}") from error


def _done_within(
    seconds: float,
    attempt: Callable[[], None],
    is_final: Callable[[Exception], bool],
    failure: str,
) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            attempt()
        except FAILURES as error:
            if is_final(error) or time.monotonic() > deadline:
                raise click.ClickException(f"{failure}: {error}") from error
            log.info("waiting for the store", cause=str(error))
            time.sleep(RETRY_SECONDS)
        else:
            return


def _is_refusal(error: Exception) -> bool:
    """Whether the root user would get the same answer again."""
    return isinstance(error, S3Error) and error.response.status in REFUSED


def _is_missing(error: Exception) -> bool:
    """Whether there is no such object; another user may only not be known yet."""
    return isinstance(error, S3Error) and error.code == NO_SUCH_OBJECT


main.add_command(make_secrets)
main.add_command(prepare_store)
main.add_command(fetch_objects)

if __name__ == "__main__":
    main()
