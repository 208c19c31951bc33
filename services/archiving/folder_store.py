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
            is_new = _link_new(path, content)
            # Also when the name is taken: its writer may not have come to this yet.
            self._sync_folders(path.parent)
            return is_new
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
        try:
            with os.scandir(self.root / folder) as entries:
                return [f"{folder}{entry.name}/" for entry in entries if entry.is_dir()]
        except FileNotFoundError:
            return []
        except OSError as error:
            _fail(error)

    def names(self, folder: str) -> Iterator[str]:
        """All files below the folder, but for half-written ones."""
        for parent, _, files in os.walk(self.root / folder, onerror=_fail_unless_missing):
            for name in files:
                if not name.startswith("."):
                    yield (Path(parent) / name).relative_to(self.root).as_posix()

    def addresses(self) -> list["FolderStore"]:
        """The folder has only one."""
        return [self]

    def _sync_folders(self, folder: Path) -> None:
        """Make the entry of a new file durable, and those of the folders made for it."""
        _sync_folder(folder)
        if folder != self.root:
            self._sync_folders(folder.parent)


def _link_new(path: Path, content: bytes) -> bool:
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=TEMPORARY_PREFIX) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
        try:
            path.hardlink_to(file.name)
        except FileExistsError:
            return False
    return True


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _fail_unless_missing(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        _fail(error)


def _fail(error: OSError) -> NoReturn:
    said = f"{error.filename or 'folder'}: {error.strerror}"
    if error.errno in PASSING:
        raise StoreUnavailableError(said) from error
    raise StoreRefusalError(said) from error
