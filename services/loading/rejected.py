"""FILE.rejected.csv: which rows were not sent, and why. It only grows, at its known length."""

import os
from collections.abc import Sequence
from pathlib import Path

from services.loading.lines import Row
from services.loading.reasons import Rejection

SUFFIX = ".rejected.csv"
HEADER = b"line_number,reason,row\r\n"


def rejected_line(row: Row, rejection: Rejection) -> bytes:
    """One line of CSV in UTF-8: line number, reason, the row as it stood.

    What is no printable UTF-8 in the row is written as Python does (\\x00, \\xff, \\n), so that one
    row is one line; of a line that is too long the beginning stands there.
    """
    text = row.raw.rstrip(b"\r\n").decode(errors="backslashreplace")
    printable = text if text.isprintable() else "".join(map(_printable, text))
    return f"{row.line_number},{_quoted(str(rejection))},{_quoted(printable)}\r\n".encode()


def _printable(character: str) -> str:
    if character.isprintable():
        return character
    return character.encode("unicode_escape").decode("ascii")


def _quoted(text: str) -> str:
    doubled = text.replace('"', '""')
    return f'"{doubled}"'


def is_ours(path: Path) -> bool:
    """Whether this program wrote the file, were it only the beginning of its first line."""
    with path.open("rb") as file:
        beginning = file.read(len(HEADER))
    return HEADER.startswith(beginning)


def check(path: Path, kept_bytes: int) -> None:
    """Whether what stands there is ours, and kept_bytes of it still there. ValueError, OSError."""
    size_bytes = path.stat().st_size if path.exists() else 0
    if size_bytes < kept_bytes:
        raise ValueError("it is shorter than its checkpoint says: put it back, or --restart")
    if size_bytes and not is_ours(path):
        raise ValueError("it is none of this program's: move it away, or name another --rejected")


def cut(path: Path, kept_bytes: int) -> None:
    """Take back what was written beyond kept_bytes; 0 leaves no file. OSError."""
    if kept_bytes:
        os.truncate(path, kept_bytes)
    else:
        path.unlink(missing_ok=True)


def append(path: Path, lines: Sequence[bytes]) -> int:
    """Add the lines, safe on the disk; the file's length. OSError."""
    with path.open("ab") as file:
        header = () if file.tell() else (HEADER,)
        file.writelines((*header, *lines))
        file.flush()
        os.fsync(file.fileno())
        return file.tell()
