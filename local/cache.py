"""What is fetched once and kept: where it lies, and how it gets there whole. For jars and minio."""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


def cache_folder() -> Path:
    """`$XDG_CACHE_HOME/dronewatch`, or `~/.cache/dronewatch`."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "dronewatch"


def cached_folder(
    name: str, is_whole: Callable[[Path], bool], fill: Callable[[Path], None]
) -> Path:
    """The folder of that name in the cache, filled by `fill` if it is missing or not whole.

    It is filled under another name and renamed when done, so an interrupted run leaves no half
    folder; of two processes that want it at once, one fills it.
    """
    folder = cache_folder() / name
    if is_whole(folder):
        return folder
    with _locked(name):
        if not is_whole(folder):
            _replace(folder, fill)
    return folder


def _replace(folder: Path, fill: Callable[[Path], None]) -> None:
    partial = folder.with_name(f"{folder.name}.partial")
    for left_over in (partial, folder):
        shutil.rmtree(left_over, ignore_errors=True)
    partial.mkdir(parents=True)
    fill(partial)
    partial.rename(folder)


@contextmanager
def _locked(name: str) -> Iterator[None]:
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
