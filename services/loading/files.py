"""The files to be loaded, as blocks of plain text: .csv, .csv.gz, .zip, or standard input.

What a file is, its first bytes say, not its name.
"""

import gzip
import hashlib
import os
import threading
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from io import BufferedReader, UnsupportedOperation
from pathlib import Path
from typing import IO, Any, cast

from click import format_filename

from services.loading.headings import HEADING_BYTES
from services.loading.pipe import Stopped, piped

BLOCK_BYTES = 64 * 1024
STANDARD_INPUT = Path("-")
GZIP_MARK = b"\x1f\x8b"
ZIP_MARK = b"PK\x03\x04"
WORKBOOK = "xl/workbook.xml"
TEXT_SUFFIXES = (".csv", ".txt", ".tsv")
DAMAGES = (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError)


class Unreadable(Exception):  # noqa: N818 - says what the file is
    """The file cannot be read, or not to its end: one printable line."""


@dataclass(frozen=True, slots=True)
class Input:
    """One text to be loaded; member names it within a .zip that holds several."""

    path: Path
    member: str | None = None

    @property
    def is_standard_input(self) -> bool:
        """Whether it comes through a pipe, once."""
        return self.path == STANDARD_INPUT

    def __str__(self) -> str:
        name = "standard input" if self.is_standard_input else format_filename(self.path, True)
        return f"{name}/{self.member}" if self.member else name


@dataclass(slots=True)
class Source:
    """An opened text and its beginning (of HEADING_BYTES at most).

    file_bytes is the file's size as it lies there, text_bytes that of the plain text, if known.
    """

    stream: IO[bytes]
    file: IO[bytes]
    stop: threading.Event
    beginning: bytes = b""
    file_bytes: int | None = None
    text_bytes: int | None = None

    @property
    def digest(self) -> str:
        """SHA-256 of the beginning, hexadecimal."""
        return hashlib.sha256(self.beginning).hexdigest()

    def blocks(self, start: int) -> Iterator[bytes]:
        """The text from this offset on. Unreadable where it is damaged, Stopped if told to."""
        with _damage():
            yield self.beginning[start:]
            self._skip(max(0, start - len(self.beginning)))
            while block := self._read():
                yield block

    def _read(self, size_bytes: int = BLOCK_BYTES) -> bytes:
        if self.stop.is_set():
            raise Stopped
        # read1: what a pipe has by now, instead of waiting for a whole block.
        return bytes(cast("Any", self.stream).read1(min(size_bytes, BLOCK_BYTES)))

    def _skip(self, size_bytes: int) -> None:
        if self.stream is self.file and self.file.seekable():
            self.file.seek(size_bytes, os.SEEK_CUR)
            return
        while size_bytes:
            skipped = len(self._read(size_bytes))
            if not skipped:
                raise EOFError("it ends before the place where the last run stopped")
            size_bytes -= skipped

    def share(self, offset: int) -> float | None:
        """How much of the text lies before the offset (0 to 1), None if nobody knows."""
        if self.text_bytes is not None:
            return offset / max(self.text_bytes, 1)
        if self.file_bytes is not None:
            return self.file.tell() / max(self.file_bytes, 1)
        return None


def inputs(path: Path) -> tuple[Input, ...]:
    """The texts in a file: one, but for a .zip. Unreadable if there is none."""
    if path == STANDARD_INPUT:
        return (Input(path),)
    with _damage(), path.open("rb") as file:
        if file.read(len(ZIP_MARK)) != ZIP_MARK:
            return (Input(path),)
        with zipfile.ZipFile(file) as archive:
            members = _members(archive)
    return tuple(Input(path, member if len(members) > 1 else None) for member in members)


def _members(archive: zipfile.ZipFile) -> list[str]:
    names = [info.filename for info in archive.infolist() if not info.is_dir()]
    if WORKBOOK in names:
        raise Unreadable("it is an Excel workbook: save it as CSV")
    # What macOS adds is no text, whatever its name.
    texts = [
        name
        for name in names
        if name.lower().endswith(TEXT_SUFFIXES) and not name.startswith("__MACOSX/")
    ]
    if not texts and len(names) != 1:
        raise Unreadable("there is no .csv in it")
    return texts or names


@contextmanager
def opened(text: Input, stop: threading.Event) -> Iterator[Source]:
    """The text, opened and its beginning read; Unreadable or Stopped."""
    with ExitStack() as held:
        with _damage():
            source = _source(text, held, stop)
            source.beginning = source.stream.read(HEADING_BYTES)
        yield source


def _source(text: Input, held: ExitStack, stop: threading.Event) -> Source:
    if text.is_standard_input:
        pipe = piped(stop)
        return _plain_or_gzip(pipe, held, stop)
    file = held.enter_context(text.path.open("rb"))
    size_bytes = os.fstat(file.fileno()).st_size
    if file.peek(len(ZIP_MARK)).startswith(ZIP_MARK):
        stream, text_bytes = _unzipped(file, text, held)
        return Source(stream, file, stop, file_bytes=size_bytes, text_bytes=text_bytes)
    source = _plain_or_gzip(file, held, stop)
    source.file_bytes = size_bytes
    source.text_bytes = size_bytes if source.stream is file else None
    return source


def _plain_or_gzip(file: BufferedReader, held: ExitStack, stop: threading.Event) -> Source:
    if not file.peek(len(GZIP_MARK)).startswith(GZIP_MARK):
        return Source(file, file, stop)
    stream = cast("IO[bytes]", held.enter_context(gzip.GzipFile(fileobj=file)))
    return Source(stream, file, stop)


def _unzipped(file: BufferedReader, text: Input, held: ExitStack) -> tuple[IO[bytes], int]:
    archive = held.enter_context(zipfile.ZipFile(file))
    member = archive.getinfo(text.member or _members(archive)[0])
    return held.enter_context(archive.open(member)), member.file_size


def claim(source: Source) -> None:
    """Keep others from loading the same file until it is closed. Unreadable if one does."""
    # Windows has no such locks, and some network drives have none.
    with suppress(ImportError, UnsupportedOperation):
        from fcntl import LOCK_EX, LOCK_NB, flock

        try:
            flock(source.file.fileno(), LOCK_EX | LOCK_NB)
        except BlockingIOError as error:
            raise Unreadable("another run is loading it") from error
        except OSError:
            return


@contextmanager
def _damage() -> Iterator[None]:
    """Whatever goes wrong while a file is read, as one line."""
    try:
        yield
    except DAMAGES as error:
        cause = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise Unreadable(f"cannot be read: {cause or type(error).__name__}") from error
