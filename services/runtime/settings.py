"""Settings every long-running component shares.

One click option gives a flag and an environment variable: `--health-port` and
DRONEWATCH_HEALTH_PORT. Each component's `__main__` adds its own options.
"""

import functools
from collections.abc import Callable
from typing import Any

import click

ENVIRONMENT_PREFIX = "DRONEWATCH"

Command = Callable[..., Any]


def component_command(name: str) -> Callable[[Command], click.Command]:
    """A click command whose options are also read from DRONEWATCH_* variables."""
    context = {
        "auto_envvar_prefix": ENVIRONMENT_PREFIX,
        "show_default": True,
        "max_content_width": 100,
        "help_option_names": ["-h", "--help"],
    }
    return click.command(name, context_settings=context)


def process_options(command: Command) -> Command:
    """Options of any process that runs long: how it logs, where it serves its health."""

    @click.option(
        "--log-format",
        type=click.Choice(["auto", "json", "console"]),
        default="auto",
        help="auto: readable on a terminal, JSON elsewhere.",
    )
    @click.option(
        "--log-level",
        type=click.Choice(["debug", "info", "warning", "error"]),
        default="info",
    )
    @click.option(
        "--health-port",
        type=click.IntRange(0, 65535),
        default=8080,
        help="Port of /livez, /readyz and /metrics; 0 takes a free one and logs it.",
    )
    @functools.wraps(command)
    def with_options(*args: Any, **kwargs: Any) -> Any:
        return command(*args, **kwargs)

    return with_options
