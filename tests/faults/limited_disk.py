"""A disk of a given size for a server's data, which a test fills and frees: a tmpfs."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

FILLER = "filler"


@dataclass(frozen=True, slots=True)
class LimitedDisk:
    """A mounted file system that holds nothing but one server's data."""

    folder: Path

    def fill(self) -> None:
        """Take all free space, until free()."""
        descriptor = os.open(self.folder / FILLER, os.O_CREAT | os.O_WRONLY)
        try:
            while free := self._free_bytes():
                _take(descriptor, free)
        finally:
            os.close(descriptor)

    def free(self) -> None:
        """Give back what fill() took."""
        (self.folder / FILLER).unlink()

    def _free_bytes(self) -> int:
        found = os.statvfs(self.folder)
        return found.f_bavail * found.f_frsize


def _take(descriptor: int, size_bytes: int) -> None:
    """Take so many bytes; those that the server wrote meanwhile may make it fewer."""
    try:
        os.posix_fallocate(descriptor, os.fstat(descriptor).st_size, size_bytes)
    except OSError:
        # posix_fallocate takes all or nothing. write() takes what there is.
        os.lseek(descriptor, 0, os.SEEK_END)
        os.write(descriptor, bytes(size_bytes))


@contextmanager
def limited_disk(folder: Path, mebibytes: int) -> Iterator[LimitedDisk | None]:
    """Mount a tmpfs at the folder; None where this process may not mount."""
    folder.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "dronewatch-test", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        yield None
        return
    try:
        yield LimitedDisk(folder)
    finally:
        # Lazily: a process that is still ending may hold a file open.
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
