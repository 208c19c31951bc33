"""How far a file is loaded: a small JSON file beside it, which is replaced as a whole."""

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

from services.loading.splitting import Position

FORMAT = 1


class Counts(Struct, frozen=True):
    """Rows of one file, or of all: sent, and not sent by reason."""

    sent: int = 0
    rejected: Mapping[str, int] = {}

    @property
    def rejected_rows(self) -> int:
        """Of any reason."""
        return sum(self.rejected.values())

    @property
    def rows(self) -> int:
        """All of them; blank lines are none."""
        return self.sent + self.rejected_rows

    def __add__(self, other: "Counts") -> "Counts":
        reasons = [*self.rejected, *other.rejected]
        added = {r: self.rejected.get(r, 0) + other.rejected.get(r, 0) for r in reasons}
        return Counts(self.sent + other.sent, added)


class Identity(Struct, frozen=True):
    """Which file, in which state: its size (None: a pipe), SHA-256 of its text's beginning."""

    file_bytes: int | None
    digest: str


class Checkpoint(Struct, frozen=True):
    """All rows before `position` are acknowledged by topic or stand in the rejected file.

    That file then had rejected_bytes; what it has beyond belongs to rows that will come again.
    topic_id is Kafka's, hexadecimal: a topic made anew does not have the rows of the old one.
    """

    identity: Identity
    topic: str
    topic_id: str | None
    position: Position
    counts: Counts = Counts()
    rejected_bytes: int = 0
    is_done: bool = False
    format: int = FORMAT


_decoder = msgspec.json.Decoder(Checkpoint)


def read(path: Path) -> Checkpoint | None:
    """What stands there; None if there is no such file, ValueError if it is no checkpoint."""
    try:
        found = _decoder.decode(path.read_bytes())
    except FileNotFoundError:
        return None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"it is no checkpoint: {error}") from error
    if found.format != FORMAT:
        raise ValueError(f"another version of this program wrote it (format {found.format})")
    return found


def write(path: Path, checkpoint: Checkpoint) -> None:
    """Replace what stands there: a crash leaves the old one or the new one. OSError."""
    new = path.with_name(f"{path.name}.new")
    with new.open("wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(checkpoint), indent=2))
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
