"""The archive in a local folder, with the same create-only rule as an S3 store."""

import errno
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from services.archiving.store import StoreRefusalError, StoreUnavailableError

# A dot keeps half-written files out of every listing, ours and Spark's.
TEMPORARY_PREFIX = ".writing-"
PASSING = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EAGAIN, errno.EINTR, errno.ESTALE}


class FolderStore:
    """Objects are files below `root`; a hard link makes a name appear at once and once only."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put_new(self, name: str, content: bytes) -> bool:
        """Write aside, make durable, then link: EEXIST is S3's 412."""
        path = self.root / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            return _linked_new(path, content)
        except OSError as error:
            _fail(error)

    def tail(self, name: str, size_bytes: int) -> bytes | None:
        """The file's last bytes."""
        try:
            with (self.root / name).open("rb") as file:
                end = file.seek(0, os.SEEK_END)
                file.seek(max(0, end - size_bytes))
                return file.read()
        except FileNotFoundError:
            return None
        except OSError as error:
            _fail(error)

    def folders(self, folder: str) -> list[str]:
        """The folder's sub-folders."""
        path = self.root / folder
        if not path.is_dir():
            return []
        return [f"{folder}{entry.name}/" for entry in path.iterdir() if entry.is_dir()]

    def names(self, folder: str) -> Iterator[str]:
        """All files below the folder, but for half-written ones."""
        for path in (self.root / folder).rglob("*"):
            if path.is_file() and not path.name.startswith("."):
                yield path.relative_to(self.root).as_posix()

    def addresses(self) -> list["FolderStore"]:
        """The folder has only one."""
        return [self]


def _linked_new(path: Path, content: bytes) -> bool:
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=TEMPORARY_PREFIX) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
        try:
            path.hardlink_to(file.name)
        except FileExistsError:
            return False
    _sync_folder(path.parent)
    return True


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _fail(error: OSError) -> NoReturn:
    said = f"{error.filename or 'folder'}: {error.strerror}"
    if error.errno in PASSING:
        raise StoreUnavailableError(said) from error
    raise StoreRefusalError(said) from error
