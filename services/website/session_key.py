"""The key that signs cookies and cursors: the same for all replicas, and after a restart."""

import os
import secrets
from pathlib import Path

import click

KEY_BYTES_MIN = 32


def session_key(file: Path) -> bytes:
    """The file's content; where there is none it is made, readable by us alone. ClickException."""
    try:
        _make(file)
        key = file.read_bytes().strip()
    except OSError as error:
        raise click.ClickException(f"cannot read {file} ({error.strerror})") from error
    if len(key) < KEY_BYTES_MIN:
        raise click.ClickException(f"{file}: a session key has at least {KEY_BYTES_MIN} bytes")
    return key


def _make(file: Path) -> None:
    """Of several who start at once one makes it; nobody sees half of it."""
    if file.exists():
        return
    partial = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
    descriptor = os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(descriptor, "w") as new:
            new.write(secrets.token_hex(KEY_BYTES_MIN))
        if not file.exists():
            os.link(partial, file)
    except FileExistsError:
        pass
    finally:
        partial.unlink()
