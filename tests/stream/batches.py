"""Record batches as brokers store them, for the tests of our reader."""

import struct
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from kafka import TopicPartition
from kafka.protocol.consumer import IsolationLevel
from kafka.record.memory_records import MemoryRecords, MemoryRecordsBuilder
from kafka.record.util import calc_crc32c, encode_varint

from services.stream.records import PartitionReader
from services.stream.worker import Fetch

PARTITION = TopicPartition("reports", 3)
MAGIC, NONE, GZIP, SNAPPY, LZ4, ZSTD = 2, 0, 1, 2, 3, 4
CODECS = [NONE, GZIP, SNAPPY, LZ4, ZSTD]
TRANSACTIONAL, CONTROL = 0x10, 0x20
HEADER = struct.Struct(">qiibIhiqqqhii")
NOW_MS = 1_790_000_000_000

Given = tuple[int, bytes | None, bytes | None, list[tuple[str, bytes | None]]]


def encoded(records: Sequence[Given], first_offset: int = 0, codec: int = NONE) -> bytes:
    """A batch as kafka-python's producer makes it."""
    builder = MemoryRecordsBuilder(MAGIC, codec, 1 << 30, offset=first_offset)
    for timestamp, key, value, headers in records:
        builder.append(timestamp=timestamp, key=key, value=value, headers=headers)
    builder.close()
    return bytes(builder.buffer())


def plain(*values: bytes, first_offset: int = 0, codec: int = NONE) -> bytes:
    """A batch of records that have only a key and a value."""
    return encoded([(NOW_MS, b"key", value, []) for value in values], first_offset, codec)


def batch(
    body: bytes, count: int, base: int = 0, attributes: int = NONE, producer_id: int = -1
) -> bytes:
    """A batch around a body of records, packed already, with a right checksum."""
    checked = struct.pack(
        ">hiqqqhii", attributes, count - 1, NOW_MS, NOW_MS + 9, producer_id, -1, -1, count
    )
    checked += body
    head = struct.pack(">iBI", 7, MAGIC, calc_crc32c(checked))
    return struct.pack(">qi", base, len(head) + len(checked)) + head + checked


def compacted(raw: bytes, count: int) -> bytes:
    """The batch as if `count` of its records were left, which keeps the offsets that it covers."""
    checked = raw[21:57] + count.to_bytes(4, "big") + raw[61:]
    return raw[:17] + calc_crc32c(checked).to_bytes(4, "big") + checked


def record(offset_delta: int, value_size: int, key: bytes = b"key") -> bytes:
    """The beginning of a record up to its value, which is to follow; it has no headers."""
    inner = bytearray(b"\x00\x00")
    encode_varint(offset_delta, inner.append)
    encode_varint(len(key), inner.append)
    inner += key
    encode_varint(value_size, inner.append)
    length = bytearray()
    encode_varint(len(inner) + value_size + 1, length.append)
    return bytes(length + inner)


def control(base: int, producer_id: int, is_abort: bool) -> bytes:
    """The end of a transaction."""
    key = struct.pack(">hh", 0, 0 if is_abort else 1)
    body = record(0, 6, key) + bytes(6) + b"\x00"
    return batch(body, 1, base, TRANSACTIONAL | CONTROL, producer_id)


def aborted(producer_id: int, first_offset: int) -> Any:
    """As a fetch's answer lists it."""
    return SimpleNamespace(producer_id=producer_id, first_offset=first_offset)


def reader(
    log: bytes,
    fetch_offset: int = 0,
    with_headers: bool = False,
    aborted_transactions: Sequence[Any] | None = None,
) -> PartitionReader:
    """Our reader as kafka-python's fetcher makes it."""
    return PartitionReader(
        fetch_offset,
        PARTITION,
        MemoryRecords(log),
        with_headers,
        isolation_level=IsolationLevel.READ_COMMITTED,
        aborted_transactions=aborted_transactions,
    )


def pieces(part: PartitionReader) -> list[Fetch]:
    """All pieces of a part; more than any test has would be a reader that never ends."""
    taken: list[Fetch] = []
    while part and len(taken) < 10_000:
        taken += part.take(1)
    return taken
