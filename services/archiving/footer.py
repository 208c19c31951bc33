"""What an object's Parquet footer says of the records in it."""

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

TOPIC_ID = b"dronewatch.topic_id"
PARTITION = b"dronewatch.partition"
FIRST_OFFSET = b"dronewatch.first_offset"
LAST_OFFSET = b"dronewatch.last_offset"

# Parquet's last 8 bytes: the footer's length (4, little-endian) and the magic number.
TRAILER_BYTES = 8


class UnreadableObjectError(Exception):
    """An object is not what its name says; it is never guessed at and never overwritten."""


@dataclass(frozen=True, slots=True)
class Footer:
    """The records an object holds: all from first_offset to last_offset."""

    topic_id: str
    partition: int
    first_offset: int
    last_offset: int


def footer_metadata(footer: Footer) -> dict[str, str]:
    """Key-value metadata of the Parquet footer."""
    return {
        TOPIC_ID.decode(): footer.topic_id,
        PARTITION.decode(): str(footer.partition),
        FIRST_OFFSET.decode(): str(footer.first_offset),
        LAST_OFFSET.decode(): str(footer.last_offset),
    }


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
        metadata = pq.read_metadata(pa.BufferReader(tail)).metadata or {}
        return Footer(
            topic_id=metadata[TOPIC_ID].decode(),
            partition=int(metadata[PARTITION]),
            first_offset=int(metadata[FIRST_OFFSET]),
            last_offset=int(metadata[LAST_OFFSET]),
        )
    except (KeyError, ValueError, OSError, pa.ArrowException) as error:
        raise UnreadableObjectError(f"its footer cannot be read: {error}") from error
