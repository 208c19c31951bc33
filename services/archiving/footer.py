"""The archive's own entries in an object's Parquet footer."""

from dataclasses import dataclass, field
from typing import Literal, cast, get_args

import pyarrow as pa
import pyarrow.parquet as pq

from services.stream.worker import NO_EPOCH

# records: rows of a stretch of the log. fence: no rows, closes a name for whoever comes late.
# decision: no rows, says where the chain goes on; fences repeat it. timeline: no rows, begins one.
Kind = Literal["records", "fence", "decision", "timeline"]

TOPIC_ID = b"dronewatch.topic_id"
PARTITION = b"dronewatch.partition"
BEGIN = b"dronewatch.begin"
END = b"dronewatch.end"
KIND = b"dronewatch.kind"
REASON = b"dronewatch.reason"
END_EPOCH = b"dronewatch.end_epoch"
# Objects of version 0.1 name their first and last record instead.
FIRST_OFFSET = b"dronewatch.first_offset"
LAST_OFFSET = b"dronewatch.last_offset"

# Parquet's last 8 bytes: the footer's length (4, little-endian) and the magic number.
TRAILER_BYTES = 8


class UnreadableObjectError(Exception):
    """An object is not what its name says; it is never guessed at and never overwritten."""


@dataclass(frozen=True, slots=True)
class Footer:
    """The positions an object covers: from `begin` up to, without, `end`.

    `reason` says why a fence or a decision skips them; `end_epoch` is the leader epoch of what is
    last before `end`, NO_EPOCH if unknown. An object of version 0.1 has the name of its first
    record, so the positions between it and the object before it may be holes in the log.
    """

    topic_id: str
    partition: int
    begin: int
    end: int
    kind: Kind = "records"
    reason: str = ""
    end_epoch: int = NO_EPOCH
    is_version_0_1: bool = field(default=False, compare=False)


def footer_metadata(footer: Footer) -> dict[str, str]:
    """Key-value metadata of the Parquet footer."""
    entries = {
        TOPIC_ID.decode(): footer.topic_id,
        PARTITION.decode(): str(footer.partition),
        BEGIN.decode(): str(footer.begin),
        END.decode(): str(footer.end),
        KIND.decode(): footer.kind,
        END_EPOCH.decode(): str(footer.end_epoch),
    }
    return entries | ({REASON.decode(): footer.reason} if footer.reason else {})


def footer_bytes(tail: bytes) -> int:
    """How many of the object's last bytes hold its footer; UnreadableObjectError if it has none.

    Format: parquet.apache.org, "File format".
    """
    if len(tail) < TRAILER_BYTES or tail[-4:] != b"PAR1":
        raise UnreadableObjectError("it does not end as Parquet does")
    return int.from_bytes(tail[-8:-4], "little") + TRAILER_BYTES


def footer_of(tail: bytes) -> Footer:
    """The footer in an object's last bytes; UnreadableObjectError if it cannot be read."""
    try:
        entries = pq.read_metadata(pa.BufferReader(tail)).metadata or {}
        begin, end = _positions(entries)
        return Footer(
            topic_id=entries[TOPIC_ID].decode(),
            partition=int(entries[PARTITION]),
            begin=begin,
            end=end,
            kind=_kind(entries),
            reason=entries.get(REASON, b"").decode(),
            end_epoch=int(entries.get(END_EPOCH, NO_EPOCH)),
            is_version_0_1=BEGIN not in entries,
        )
    except (KeyError, ValueError, OSError, pa.ArrowException) as error:
        raise UnreadableObjectError(f"its footer cannot be read: {error}") from error


def _positions(entries: dict[bytes, bytes]) -> tuple[int, int]:
    if BEGIN in entries:
        return int(entries[BEGIN]), int(entries[END])
    return int(entries[FIRST_OFFSET]), int(entries[LAST_OFFSET]) + 1


def _kind(entries: dict[bytes, bytes]) -> Kind:
    kind = entries.get(KIND, b"records").decode()
    if kind not in get_args(Kind):
        raise ValueError(f"kind {kind!r} is unknown")
    return cast(Kind, kind)
