"""A server of ours on this machine: for a while in a test, or as a process until told to stop."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import click

from services.runtime.stopping import stop_on_signals


class Server(Protocol):
    """local.mailbox.Mailbox, local.receiver.Receiver; start raises OSError if the port is taken."""

    @property
    def port(self) -> int: ...  # noqa: D102
    def start(self) -> None: ...  # noqa: D102
    def stop(self) -> None: ...  # noqa: D102


@contextmanager
def serving(server: Server) -> Iterator[None]:
    """It serves; stopped at the end."""
    server.start()
    try:
        yield
    finally:
        server.stop()


def serve_until_told(server: Server, told: str) -> None:
    """Say so and serve until SIGTERM or Ctrl-C. ClickException if the port is taken."""
    stop = stop_on_signals()
    try:
        server.start()
    except OSError as error:
        message = f"cannot listen on port {server.port}: {os.strerror(error.errno or 0)}"
        raise click.ClickException(message) from error
    click.echo(told)
    stop.wait()
    server.stop()
