"""Whom we trust when we connect, as people set it: `--...-ca-file`."""

import ssl
from pathlib import Path

import click


def tls_context(option: str, ca_file: Path | None) -> ssl.SSLContext:
    """Verifies certificates and names, by this CA or else by those the system trusts.

    UsageError, which names the option, if the file holds none.
    """
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise click.UsageError(f"{option}: no certificates can be read from {ca_file}") from error
