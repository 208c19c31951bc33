"""`python -m services.provisioning`: what the minio chart's Jobs run, before and beside the store.

Both commands may run any number of times: what is there stays, what is missing comes.
"""

import time
from pathlib import Path
from typing import NoReturn

import click
import msgspec
import structlog
from kubernetes import client, config
from kubernetes.client.exceptions import ApiException
from kubernetes.config.config_exception import ConfigException
from minio.error import S3Error
from urllib3.exceptions import HTTPError

from services.provisioning.credentials import create_once, new_credentials
from services.provisioning.policies import Layout
from services.provisioning.store import FAILURES, Administration, Keys, administration, provision
from services.runtime.logs import configure_logs
from services.runtime.settings import component_command

RETRY_SECONDS = 2.0
REFUSED = (400, 401, 403)

log = structlog.get_logger()


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Prepare what the platform stands on: credentials, and the store's bucket and users."""


@component_command("secrets")
@click.option("--namespace", required=True, help="Where the Secrets are made.")
@click.option("--root", "root_secret", help="Secret for the store's root user.")
@click.option("--user", "user_secrets", multiple=True, help="Secret for a user; may be repeated.")
@click.option("--label", "labels", multiple=True, help="name=value, on each Secret made.")
def make_secrets(
    namespace: str, root_secret: str | None, user_secrets: tuple[str, ...], labels: tuple[str, ...]
) -> None:
    """Make the Secrets that are missing, with random content."""
    configure_logs("auto", "info")
    named = dict(label.split("=", 1) for label in labels)
    wanted = [(name, ("accessKey", "secretKey")) for name in user_secrets]
    if root_secret:
        wanted.append((root_secret, ("rootUser", "rootPassword")))
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
    _provision_within(wait_seconds, server, layout, keys)
    log.info("store prepared", bucket=layout.bucket, users=sorted(layout.users))


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


def _provision_within(
    seconds: float, server: Administration, layout: Layout, keys: dict[str, Keys]
) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            provision(server, layout, keys)
        except FAILURES as error:
            if _is_final(error) or time.monotonic() > deadline:
                _give_up(error)
            log.info("waiting for the store", cause=str(error))
            time.sleep(RETRY_SECONDS)
        else:
            return


def _is_final(error: Exception) -> bool:
    """Whether asking again would get the same answer."""
    return isinstance(error, S3Error) and error.response.status in REFUSED


def _give_up(error: Exception) -> NoReturn:
    raise click.ClickException(f"the store was not prepared: {error}") from error


main.add_command(make_secrets)
main.add_command(prepare_store)

if __name__ == "__main__":
    main()
