"""The records of one batch, however much it unpacks to: at most a few MiB of it in memory."""

from collections.abc import Iterator
from hashlib import sha256
from itertools import chain

from services.reports.codec import REPORT_MAX_BYTES, Oversize
from services.stream.decompression import CHUNK_BYTES, NONE, UnreadableError, unpacked
from services.stream.record_batch import RecordBatch
from services.stream.record_parser import (
    DAMAGED,
    KEY_BYTES_MAX,
    VARINT_BYTES_MAX,
    Headers,
    LeanRecord,
    RecordParser,
    headers_in,
    varint,
)

# An unpacked batch up to this size is parsed in one go.
WHOLE_BATCH_BYTES = 1024 * 1024
# Larger records are not gathered before they are parsed.
GATHERED_BYTES_MAX = 2 * CHUNK_BYTES
# The smallest records have 7 bytes: so many are parsed at once, and an object of each is counted.
RECORDS_MAX = 2048
OBJECT_BYTES = 128
OVERSIZE_KEPT_BYTES = 64 * 1024
HEADERS_BYTES_MAX = 64 * 1024

Parsed = tuple[list[LeanRecord], int]


def records_of(batch: RecordBatch, with_headers: bool) -> Iterator[Parsed]:
    """The batch's records, some at a time, with the memory that they take at most.

    UnreadableError where they cannot be read.
    """
    chunks = _chunks(batch)
    parser, left = RecordParser(batch, with_headers), batch.records_count
    # Once more after the last chunk: a large record may have left some bytes over.
    for chunk in chain(chunks, (b"",)):
        parser.feed(chunk)
        while left and (some := _next_records(parser, left)):
            left -= len(some[0])
            yield some
        if left and parser.next_length() > GATHERED_BYTES_MAX:
            large = LargeRecord(parser.held[parser.position :], chunks)
            yield [large.record(batch, with_headers)], large.consumed
            parser.held, parser.position = large.held, 0
            left -= 1
        if not left:
            return
    raise UnreadableError(f"it is cut short: {left} of {batch.records_count} records are missing")


def _next_records(parser: RecordParser, left: int) -> Parsed | None:
    begin = parser.position
    records = parser.parse(min(left, RECORDS_MAX))
    return (records, parser.position - begin + OBJECT_BYTES * len(records)) if records else None


def _chunks(batch: RecordBatch) -> Iterator[bytes]:
    if batch.codec == NONE and len(batch.body) <= WHOLE_BATCH_BYTES:
        return iter((bytes(batch.body),))
    return unpacked(batch.codec, batch.body)


class LargeRecord:
    """Parses one record of any size from its first bytes and the chunks after them.

    `held` is then what was read beyond it, `consumed` its size.
    """

    def __init__(self, held: bytes, chunks: Iterator[bytes]) -> None:
        self.held = held
        self.chunks = chunks
        self.consumed = 0

    def record(self, batch: RecordBatch, with_headers: bool) -> LeanRecord:
        """The record; its value's beginning only, if it is larger than a report may be."""
        length = self._varint()
        end = self.consumed + length
        self._take(1)
        delta_ms, offset_delta = self._varint(), self._varint()
        key, _ = self._field(end, KEY_BYTES_MAX)
        value, oversize = self._field(end, REPORT_MAX_BYTES)
        headers = self._headers(end, with_headers)
        is_append_time = batch.is_append_time
        timestamp = batch.max_timestamp if is_append_time else batch.first_timestamp + delta_ms
        return LeanRecord(
            batch.base_offset + offset_delta, timestamp, key, value, headers, oversize
        )

    def _field(self, end: int, whole_max: int) -> tuple[bytes | None, Oversize | None]:
        """Bytes behind their size; of more than `whole_max` their beginning."""
        size = self._varint()
        if size < 0:
            return None, None
        if self.consumed + size >= end:
            raise UnreadableError(DAMAGED)
        if size <= whole_max:
            return b"".join(self._read(size)), None
        first = b"".join(self._read(OVERSIZE_KEPT_BYTES))
        digest = sha256(first)
        for part in self._read(size - OVERSIZE_KEPT_BYTES):
            digest.update(part)
        return first, Oversize(size, digest.hexdigest())

    def _headers(self, end: int, with_headers: bool) -> Headers:
        """The headers up to the record's end; none if they are absurdly large."""
        size = end - self.consumed
        if not with_headers or size > HEADERS_BYTES_MAX:
            for _ in self._read(size):
                pass
            return ()
        try:
            return headers_in(b"".join(self._read(size)))
        except IndexError as error:
            raise UnreadableError(DAMAGED) from error

    def _varint(self) -> int:
        while len(self.held) < VARINT_BYTES_MAX and (chunk := next(self.chunks, b"")):
            self.held += chunk
        try:
            value, size = varint(self.held, 0)
        except IndexError as error:
            raise UnreadableError("it is cut short") from error
        self._take(size)
        return value

    def _take(self, size: int) -> bytes:
        """The next bytes of those held."""
        part, self.held = self.held[:size], self.held[size:]
        self.consumed += len(part)
        return part

    def _read(self, size: int) -> Iterator[bytes]:
        """The next bytes, chunk by chunk."""
        while size > 0:
            if not self.held:
                self.held = next(self.chunks, b"")
            part = self._take(size)
            if not part:
                raise UnreadableError("it is cut short")
            size -= len(part)
            yield part
