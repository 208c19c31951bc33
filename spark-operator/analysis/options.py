"""The options of `run`, and what they mean: times, time zones, names."""

import functools
import os
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from analysis.archive import Arrival
from analysis.criteria import Criteria
from analysis.storage import S3Access

SECRET_KEY_VARIABLE = "DRONEWATCH_S3_SECRET_KEY"

Command = Callable[..., Any]

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_DAYS_AGO = {"today": 0, "yesterday": 1}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def time(text: str) -> datetime:
    """ISO 8601, UTC if it names no offset, or `today`, `yesterday` at 00:00: aware, in UTC."""
    if text in _DAYS_AGO:
        midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return midnight - timedelta(days=_DAYS_AGO[text])
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is no time: try 2026-03-02T14:00Z or today") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def time_zone(text: str) -> str:
    """The name of a known time zone."""
    try:
        return ZoneInfo(text).key
    except (KeyError, ValueError, OSError):
        raise click.BadParameter(f"{text!r} is no time zone: try America/New_York") from None


def name(text: str) -> str:
    """A name that is safe as a folder's."""
    if not _NAME.fullmatch(text):
        raise click.BadParameter(f"{text!r}: use letters, digits, and . _ - inside")
    return text


_OPTIONS = (
    click.option("--archive", required=True, help="Folder or s3a://bucket/prefix with reports/."),
    click.option("--results", required=True, help="Folder or s3a://bucket/prefix for the answers."),
    click.option(
        *("--from", "start"),
        type=time,
        envvar="DRONEWATCH_FROM",
        help="Reports that arrived then or later (UTC).",
    ),
    click.option(
        *("--to", "end"),
        type=time,
        envvar="DRONEWATCH_TO",
        help="Reports that arrived before (UTC).",
    ),
    click.option(
        "--question",
        multiple=True,
        help="Only this one (see `questions`), or `all`; may be repeated."
        " Default: all, or none with --sql.",
    ),
    click.option("--sql", type=_FILE, multiple=True, help="File with one SQL query."),
    click.option("--run-name", type=name, help="Default: the time. The same name overwrites."),
    click.option(
        "--time-zone", type=time_zone, default="UTC", help="Whose hours and days are counted."
    ),
    click.option("--agitation-below", type=click.FloatRange(0, 1), default=0.1, help="An alert."),
    click.option(
        "--human-codes", default="999", help="Codes that need a human, separated by commas."
    ),
    click.option("--master", default="local[*]", help="Spark's; spark-submit's goes before it."),
    click.option(
        "--spark-log",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Keep what Spark logs in this file.",
    ),
    click.option("--s3-endpoint", default="http://localhost:9000", help="Of MinIO, for s3a://."),
    click.option("--s3-region", default="us-east-1"),
    click.option("--s3-access-key", help="Default: the credentials of the environment."),
    click.option(
        "--s3-secret-key-file",
        type=_FILE,
        help=f"File that holds the secret key; or set {SECRET_KEY_VARIABLE}.",
    ),
)


def run_options(command: Command) -> Command:
    """Adds the options of `run`; the command gets arrival, criteria and access made of them."""

    @functools.wraps(command)
    def with_options(**given: Any) -> Any:
        groups = {
            "arrival": _arrival(given.pop("start"), given.pop("end")),
            "criteria": Criteria(
                given.pop("time_zone"),
                given.pop("agitation_below"),
                tuple(given.pop("human_codes").replace(",", " ").split()),
            ),
            "access": _access({key: given.pop(key) for key in list(given) if key[:3] == "s3_"}),
        }
        return command(**groups, **given)

    return functools.reduce(
        lambda wrapped, option: option(wrapped), reversed(_OPTIONS), with_options
    )


def _arrival(start: datetime | None, end: datetime | None) -> Arrival:
    if start and end and start >= end:
        raise click.UsageError(f"--from {start:%FT%TZ} is not before --to {end:%FT%TZ}")
    return Arrival(start, end)


def _access(given: dict[str, Any]) -> S3Access:
    file = given["s3_secret_key_file"]
    secret = file.read_text().strip() if file else os.environ.get(SECRET_KEY_VARIABLE)
    if bool(given["s3_access_key"]) != bool(secret):
        raise click.UsageError(
            "--s3-access-key and a secret key go together"
            f" (--s3-secret-key-file or {SECRET_KEY_VARIABLE})"
        )
    if not given["s3_endpoint"].startswith(("http://", "https://")):
        raise click.UsageError("--s3-endpoint must begin with http:// or https://")
    return S3Access(given["s3_endpoint"], given["s3_access_key"], secret, given["s3_region"])
