"""The records in a batch's body, parsed flat: most of what a consumer's CPU time goes into."""

from msgspec import Struct

from services.reports.codec import Oversize
from services.stream.decompression import UnreadableError
from services.stream.record_batch import RecordBatch

KEY_BYTES_MAX = 64 * 1024
VARINT_BYTES_MAX, VARINT_SHIFT_MAX = 10, 63
DAMAGED = "a record in it is damaged"

Headers = tuple[tuple[str, bytes], ...]


class LeanRecord(Struct, frozen=True, gc=False):
    """One record; timestamp in ms since the epoch, headers only if they were asked for.

    Of a value larger than a report may be, `value` is the beginning and `oversize` is set.
    """

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()
    oversize: Oversize | None = None


class RecordParser:
    """Parses a batch's body, which comes in chunks: the complete records of what is held."""

    def __init__(self, batch: RecordBatch, with_headers: bool) -> None:
        self.base_offset = batch.base_offset
        self.first_ms = batch.first_timestamp
        self.append_ms = batch.max_timestamp if batch.is_append_time else None
        self.with_headers = with_headers
        self.held = b""
        self.position = 0

    def feed(self, chunk: bytes) -> None:
        """Hold the chunk behind what is left."""
        self.held = self.held[self.position :] + chunk
        self.position = 0

    def next_length(self) -> int:
        """The length that the next record says it has, 0 if that is not held; UnreadableError."""
        begin = self.held[self.position : self.position + VARINT_BYTES_MAX]
        try:
            return varint(begin, 0)[0]
        except IndexError as error:
            if len(begin) < VARINT_BYTES_MAX:
                return 0
            raise UnreadableError(DAMAGED) from error

    def parse(self, limit: int) -> list[LeanRecord]:
        """At most `limit` complete records; UnreadableError if the first of them is damaged."""
        records: list[LeanRecord] = []
        try:
            self._parse_into(records, limit)
        except IndexError as error:
            if not records:
                raise UnreadableError(DAMAGED) from error
        return records

    def _parse_into(self, records: list[LeanRecord], limit: int) -> None:  # noqa: PLR0915
        """Add the records to the list; IndexError at one that is damaged.

        Record => length, attributes (1 byte), timestamp delta, offset delta, key, value, headers.
        Written out flat, for speed: most varints here have one or two bytes.
        """
        body, size, position, add = self.held, len(self.held), self.position, records.append
        base_offset, first_ms, append_ms = self.base_offset, self.first_ms, self.append_ms
        with_headers = self.with_headers
        for _ in range(limit):
            try:
                length, at = varint(body, position)
            except IndexError:
                break
            end = at + length
            if end > size:
                break
            delta_ms, at = varint(body, at + 1)
            offset_delta, at = varint(body, at)
            key_size, at = varint(body, at)
            key = body[at : at + min(key_size, KEY_BYTES_MAX)] if key_size >= 0 else None
            value_size, at = varint(body, at + max(key_size, 0))
            value = body[at : at + value_size] if value_size >= 0 else None
            if at + value_size >= end:
                raise IndexError
            headers = headers_in(body[at + max(value_size, 0) : end]) if with_headers else ()
            arrival = first_ms + delta_ms if append_ms is None else append_ms
            add(LeanRecord(base_offset + offset_delta, arrival, key, value, headers))
            self.position = position = end


def headers_in(part: bytes) -> Headers:
    """A record's headers: their count, then of each its name and its value; IndexError if cut."""
    count, position = varint(part, 0)
    headers: list[tuple[str, bytes]] = []
    for _ in range(count):
        name, position = _sized(part, position)
        value, position = _sized(part, position)
        headers.append((name.decode(errors="replace"), value))
    return tuple(headers)


def _sized(part: bytes, position: int) -> tuple[bytes, int]:
    """Bytes behind their size, and the position after them; none for a size of -1."""
    size, position = varint(part, position)
    end = position + max(size, 0)
    if end > len(part):
        raise IndexError
    return part[position:end], end


def varint(body: bytes, position: int) -> tuple[int, int]:
    """A zigzag varint and the position after it; IndexError if it does not end."""
    byte = body[position]
    if byte < 0x80:
        return (byte >> 1) ^ -(byte & 1), position + 1
    second = body[position + 1]
    raw = byte & 0x7F | (second & 0x7F) << 7
    position += 2
    shift = 14
    while second >= 0x80:
        if shift > VARINT_SHIFT_MAX:
            raise IndexError
        second = body[position]
        raw |= (second & 0x7F) << shift
        shift += 7
        position += 1
    return (raw >> 1) ^ -(raw & 1), position
