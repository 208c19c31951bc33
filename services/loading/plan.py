"""What is to be done with each text, found out before anything is sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from services.loading import checkpoint as checkpoints
from services.loading.checkpoint import Checkpoint, Identity
from services.loading.columns import Columns, Refusal
from services.loading.files import Input, Source
from services.loading.headings import heading
from services.loading.journal import Places, writing
from services.loading.rejected import SUFFIX
from services.stream.producer import UNCOMPRESSED

ANEW = "--restart loads it from its beginning"


@dataclass(frozen=True, slots=True)
class Plan:
    """Where the rows of a text go on, and how they are read."""

    columns: Columns
    start: Checkpoint


@dataclass(frozen=True, slots=True)
class Terms:
    """What is asked for: the topic, whether checkpoints count, and the batches' codec."""

    topic: str
    is_restart: bool
    compression: str = UNCOMPRESSED


def plan(text: Input, source: Source, places: Places, terms: Terms) -> Plan:
    """The text's plan; ClickException if it has no known header or its checkpoint is another's."""
    found = heading(source.beginning)
    if isinstance(found, Refusal):
        raise click.ClickException(f"{text}: {found.reason}")
    identity = Identity(source.file_bytes, source.digest)
    kept = None if terms.is_restart else kept_checkpoint(places)
    if kept is None:
        return Plan(found.columns, Checkpoint(identity, terms.topic, None, found.end))
    change = changes(kept, identity, terms.topic)
    if change:
        raise click.ClickException(f"{text}: {change} ({places.checkpoint}): {ANEW}")
    return Plan(found.columns, kept)


def kept_checkpoint(places: Places) -> Checkpoint | None:
    """What an earlier run left; ClickException if it cannot be read."""
    if places.checkpoint is None:
        return None
    with writing(places.checkpoint):
        return checkpoints.read(places.checkpoint)


def changes(kept: Checkpoint, identity: Identity, topic: str) -> str | None:
    """Why a checkpoint does not belong to this file and topic, None if it does. Pure."""
    if kept.identity.file_bytes != identity.file_bytes:
        sizes = f"{_bytes(kept.identity.file_bytes)} then, {_bytes(identity.file_bytes)} now"
        return f"it has changed since its checkpoint, {sizes}"
    if kept.identity.digest != identity.digest:
        return "it has changed since its checkpoint, it begins with other bytes"
    if kept.topic != topic:
        return f"its checkpoint is of topic {kept.topic}"
    return None


def _bytes(size: int | None) -> str:
    return "standard input" if size is None else f"{size:,} bytes"


def placed(
    texts: Sequence[Input], checkpoint: Path | None, rejected: Path | None
) -> dict[Input, Places]:
    """Each text's places; checkpoint and rejected are folders, or files for a single text.

    UsageError if two texts would share one.
    """
    found = {text: _places(text, checkpoint, rejected) for text in texts}
    files = [file for p in found.values() for file in (p.checkpoint, p.rejected) if file]
    if len(found) < len(texts):
        raise click.UsageError("a file is given twice")
    if len(set(files)) < len(files):
        raise click.UsageError(
            "several files: --checkpoint and --rejected must name folders that exist, and files of"
            " one name must not share one"
        )
    return found


def _places(text: Input, checkpoint: Path | None, rejected: Path | None) -> Places:
    member = f".{text.member.replace('/', '_')}" if text.member else ""
    name = "stdin" if text.is_standard_input else f"{text.path.name}{member}"
    folder = Path() if text.is_standard_input else text.path.parent
    # A pipe of today is not the one of yesterday, unless somebody says so.
    has_checkpoint = checkpoint is not None or not text.is_standard_input
    return Places(
        _place(checkpoint, folder, f"{name}.checkpoint.json") if has_checkpoint else None,
        _place(rejected, folder, f"{name}{SUFFIX}"),
    )


def _place(given: Path | None, folder: Path, name: str) -> Path:
    if given is None:
        return folder / name
    return given / name if given.is_dir() else given
