"""What of one text is done: its checkpoint and its rejected file, moved on together.

The order is what keeps both true over a kill at any moment: first Kafka's acknowledgement, then the
rejected lines, then the checkpoint that says how many of both there are. Who dies in between finds
the old checkpoint: the rejected file is cut back to it, and the batch is done once more.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
from msgspec.structs import replace

from services.loading import checkpoint as checkpoints
from services.loading import rejected
from services.loading.checkpoint import Checkpoint, Counts
from services.loading.lines import Row
from services.loading.reasons import Rejection
from services.loading.splitting import Position
from services.reports.report import Report


@dataclass(frozen=True, slots=True)
class Places:
    """Where both stand. A pipe may have no checkpoint, a dry run has neither."""

    checkpoint: Path | None = None
    rejected: Path | None = None


@dataclass(slots=True)
class Batch:
    """Rows one after the other from start on, up to the last one taken in.

    unacknowledged are the futures of its reports once they are sent.
    """

    start: Position
    last: Row | None = None
    reports: list[Report] = field(default_factory=list)
    unacknowledged: list[Any] = field(default_factory=list)
    rejected: Counter[str] = field(default_factory=Counter)
    lines: list[bytes] = field(default_factory=list)

    @property
    def position(self) -> Position:
        """Where the row after the last one begins."""
        return self.last.after if self.last else self.start

    @property
    def rows(self) -> int:
        """Of both kinds."""
        return len(self.reports) + len(self.lines)

    def reject(self, row: Row, rejection: Rejection) -> None:
        """Take a row in that is not sent."""
        self.rejected[rejection.reason.value] += 1
        self.lines.append(rejected.rejected_line(row, rejection))


@dataclass(slots=True)
class Journal:
    """One text's, from the checkpoint with which this run begins; all raise ClickException."""

    places: Places
    checkpoint: Checkpoint

    def begin(self) -> None:
        """Bring the rejected file back to the checkpoint; see that both can be written.

        The checkpoint comes first: one of before a --restart would miss the lines cut off.
        """
        if self.places.rejected:
            with writing(self.places.rejected):
                rejected.check(self.places.rejected, self.checkpoint.rejected_bytes)
        self._write(self.checkpoint)
        if self.places.rejected:
            with writing(self.places.rejected):
                rejected.cut(self.places.rejected, self.checkpoint.rejected_bytes)

    def advance(self, batch: Batch, is_done: bool) -> None:
        """All of the batch is acknowledged: note it."""
        rejected_bytes = self.checkpoint.rejected_bytes
        if self.places.rejected and batch.lines:
            with writing(self.places.rejected):
                rejected_bytes = rejected.append(self.places.rejected, batch.lines)
        self._write(
            replace(
                self.checkpoint,
                position=batch.position,
                counts=self.checkpoint.counts + Counts(len(batch.reports), batch.rejected),
                rejected_bytes=rejected_bytes,
                is_done=is_done,
            )
        )

    def _write(self, checkpoint: Checkpoint) -> None:
        if self.places.checkpoint:
            with writing(self.places.checkpoint):
                checkpoints.write(self.places.checkpoint, checkpoint)
        self.checkpoint = checkpoint


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """What keeps us from using a file of ours, as one line."""
    try:
        yield
    except ValueError as error:
        raise click.ClickException(f"{path}: {error}") from error
    except OSError as error:
        remedy = "free some space, or name a folder with --checkpoint and --rejected"
        raise click.ClickException(f"cannot write {path} ({error.strerror}): {remedy}") from error
