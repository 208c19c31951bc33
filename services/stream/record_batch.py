"""Record batches (format v2, kafka.apache.org, "Record Batch") out of what a fetch brought."""

from collections.abc import Iterator
from struct import Struct as Layout

from kafka.record.util import calc_crc32c
from msgspec import Struct

from services.stream.decompression import UnreadableError

# Base offset, length; these two every format has. Then leader epoch, magic.
FRAME = Layout(">qi")
MAGIC_AT = 16
# Base offset, length, leader epoch, magic, checksum, attributes, last offset's delta, first and
# highest timestamp, producer's id, epoch and sequence, count of records.
HEADER = Layout(">qiibIhiqqqhii")
CHECKED_FROM = 21

CODEC_BITS, APPEND_TIME_BIT, TRANSACTIONAL_BIT, CONTROL_BIT = 0x07, 0x08, 0x10, 0x20


class RecordBatch(Struct, frozen=True):
    """A batch whose checksum is right; `body` holds its records as they were sent, packed."""

    base_offset: int
    last_offset_delta: int
    leader_epoch: int
    attributes: int
    first_timestamp: int
    max_timestamp: int
    producer_id: int
    records_count: int
    body: memoryview

    @property
    def end(self) -> int:
        """The position behind it."""
        return self.base_offset + self.last_offset_delta + 1

    @property
    def codec(self) -> int:
        """One of services.stream.decompression's."""
        return self.attributes & CODEC_BITS

    @property
    def is_append_time(self) -> bool:
        """True if its records arrived at `max_timestamp`, whatever time they have themselves."""
        return bool(self.attributes & APPEND_TIME_BIT)

    @property
    def is_transactional(self) -> bool:
        """True if its records count only if their transaction was committed."""
        return bool(self.attributes & TRANSACTIONAL_BIT)

    @property
    def is_control(self) -> bool:
        """True if it holds the end of a transaction, and no records for us."""
        return bool(self.attributes & CONTROL_BIT)


def raw_batches(received: bytes) -> Iterator[memoryview]:
    """The batches' bytes, one after the other; UnreadableError if not even the first is whole.

    A broker cuts an answer off at its size limit: the last batch may be cut short.
    """
    view = memoryview(received)
    position = 0
    while len(view) - position >= FRAME.size:
        _, length = FRAME.unpack_from(view, position)
        end = position + FRAME.size + length
        if length <= MAGIC_AT - FRAME.size or (end > len(view) and not position):
            raise UnreadableError(f"its length of {length} bytes is wrong")
        if end > len(view):
            return
        yield view[position:end]
        position = end


def magic_of(raw: memoryview) -> int:
    """The version of a batch's format."""
    return raw[MAGIC_AT]


def record_batch(raw: memoryview) -> RecordBatch:
    """The batch of format v2 in these bytes; UnreadableError if they are damaged."""
    if magic_of(raw) != 2:
        raise UnreadableError(f"its format {magic_of(raw)} is unknown")
    if len(raw) < HEADER.size:
        raise UnreadableError(f"its length of {len(raw)} bytes is wrong")
    base, _, epoch, _, checksum, attributes, delta, *rest = HEADER.unpack_from(raw)
    first_ms, max_ms, producer_id, _, _, count = rest
    if checksum != calc_crc32c(raw[CHECKED_FROM:]):
        raise UnreadableError(
            f"its checksum is wrong (its header says that its last offset is {base + delta})"
        )
    if delta < 0 or count < 0:
        raise UnreadableError(f"it has {count} records up to {delta} behind its first")
    return RecordBatch(
        base, delta, epoch, attributes, first_ms, max_ms, producer_id, count, raw[HEADER.size :]
    )
