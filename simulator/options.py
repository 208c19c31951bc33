"""The options of `run` and `history`, and what they mean: times, durations, speeds."""

import functools
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from services.reports.topics import REPORTS
from services.stream.producer import compression_option

_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)([smhd])")
_FACTOR = re.compile(r"\d+(?:\.\d+)?")

Command = Callable[..., Any]


def duration(text: str) -> float | None:
    """`14d`, `36h`, `30m`, `10s`: seconds; `none`, without end: None."""
    if text == "none":
        return None
    match = _DURATION.fullmatch(text)
    if not match or not float(match[1]):
        raise click.BadParameter(f"{text!r} is no duration: try 14d, 36h, 30m, 10s or none")
    return float(match[1]) * _UNIT_SECONDS[match[2]]


def time(text: str) -> int:
    """ISO 8601, UTC if it names no offset, or `now`: milliseconds since the epoch."""
    try:
        moment = datetime.now(UTC) if text == "now" else datetime.fromisoformat(text)
    except ValueError:
        message = f"{text!r} is no time: try 2026-03-02T00:00:00Z or now"
        raise click.BadParameter(message) from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def speed(text: str) -> float | None:
    """Simulated seconds per real second; `max`: None."""
    if text == "max":
        return None
    if not _FACTOR.fullmatch(text) or not float(text):
        raise click.BadParameter(f"{text!r} is no speed: try 1 (real time), 60 or max")
    return float(text)


_SEED = click.option("--seed", type=click.IntRange(0), default=0)
_FILE = click.Path(dir_okay=False, path_type=Path)
_RUN_OPTIONS = (
    click.option(
        "--mission", type=click.Choice(["prestacop", "peacewatch", "both"]), default="both"
    ),
    click.option("--drones", type=click.IntRange(1), default=100, help="Drones for each mission."),
    click.option(
        "--start",
        type=time,
        default="now",
        help="Simulated time of the first report, ISO 8601. The same --start and --seed give"
        " the same reports.",
    ),
    click.option(
        "--duration",
        type=duration,
        default="none",
        help="Simulated time to cover: 14d, 36h, 30m, 10s; none goes on until stopped.",
    ),
    click.option(
        "--interval-seconds",
        type=click.FloatRange(0.001),
        default=60.0,
        help="Simulated seconds between two reports of one drone.",
    ),
    click.option(
        "--speed",
        type=speed,
        default="1",
        help="Simulated seconds per second: 1 is real time, max as fast as it goes.",
    ),
    click.option(
        "--rate", type=click.FloatRange(0, min_open=True), help="Reports a second at most."
    ),
    click.option(
        "--reports", "reports_max", type=click.IntRange(1), help="Stop after so many records."
    ),
    _SEED,
    click.option(
        "--fault-share",
        type=click.FloatRange(0, 1),
        default=0.0,
        help="Share of records that are faulty: garbage, duplicates, late ones. For tests.",
    ),
    click.option(
        "--ledger",
        type=_FILE,
        help="File to append to: what was acknowledged where, and the alerts to expect.",
    ),
    click.option("--topic", default=REPORTS),
    compression_option,
)

_HISTORY_OPTIONS = (
    click.option("--rows", type=click.IntRange(1, 1_000_000_000), default=100_000),
    click.option(
        *("--faults", "fault_share"),
        type=click.FloatRange(0, 1),
        default=0.01,
        help="Share of rows that are no reports: impossible values, broken lines.",
    ),
    _SEED,
    click.option(
        "--ledger", type=_FILE, help="New file: each row's report id, or what is wrong with it."
    ),
    click.argument("file", type=_FILE),
)


def run_options(command: Command) -> Command:
    """Adds the options of `run`."""
    return _with(_RUN_OPTIONS, command)


def history_options(command: Command) -> Command:
    """Adds the options of `history`, and its FILE."""
    return _with(_HISTORY_OPTIONS, command)


def _with(options: Sequence[Callable[[Command], Command]], command: Command) -> Command:
    @functools.wraps(command)
    def with_options(*args: Any, **kwargs: Any) -> Any:
        return command(*args, **kwargs)

    wrapped: Command = with_options
    for option in reversed(options):
        wrapped = option(wrapped)
    return wrapped
