"""The one folder in which a demo run keeps everything: made empty, never somebody else's."""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import click

MARK = ".dronewatch-run"


@contextmanager
def claimed(folder: Path) -> Iterator[Path]:
    """The folder, as an absolute path, emptied of an earlier run, ours until the end.

    ClickException if another run is using it, or it holds what no run of ours put there.
    """
    absolute = folder.absolute()
    mark = absolute / MARK
    try:
        if absolute.exists() and not mark.exists() and any(absolute.iterdir()):
            raise click.ClickException(f"{folder} holds other things: name a new or empty folder")
        absolute.mkdir(parents=True, exist_ok=True)
        with mark.open("w") as held:
            _lock(held, folder)
            _empty(absolute)
            yield absolute
    except OSError as error:
        place = error.filename or folder
        raise click.ClickException(f"cannot write {place}: {error.strerror}") from error


def _lock(mark: TextIO, folder: Path) -> None:
    try:
        fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        message = f"another run is using {folder}: end it, or name another folder"
        raise click.ClickException(message) from error


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != MARK:
            path.unlink()
