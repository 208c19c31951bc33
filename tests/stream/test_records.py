"""Our reader of record batches gives what kafka-python's own gives, and refuses what is damaged."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka import TopicPartition
from kafka.consumer.fetcher import Fetcher
from kafka.errors import CorruptRecordError
from kafka.record.memory_records import MemoryRecords, MemoryRecordsBuilder

from services.stream.records import LeanPartitionRecords, LeanRecord, varint

PARTITION = TopicPartition("reports", 0)
MAGIC, NONE, GZIP = 2, 0, 1
LARGE = 1 << 24

Fields = tuple[int, int, bytes | None, bytes | None]
sizes = st.one_of(st.none(), st.binary(max_size=200), st.integers(0, 20_000).map(bytes))
headers = st.lists(st.tuples(st.text(max_size=5), st.binary(max_size=5)), max_size=2)
records = st.tuples(st.integers(0, 1 << 41), sizes, sizes, headers)
batches = st.lists(st.lists(records, min_size=1, max_size=4), min_size=1, max_size=4)


def encoded(batch: list[Any], first_offset: int, compression: int) -> bytes:
    builder = MemoryRecordsBuilder(MAGIC, compression, LARGE, offset=first_offset)
    for timestamp, key, value, given_headers in batch:
        builder.append(timestamp=timestamp, key=key, value=value, headers=given_headers)
    builder.close()
    return bytes(builder.buffer())


def joined(given_batches: list[Any], first_offset: int, compression: int) -> bytes:
    starts = [
        first_offset + sum(len(b) for b in given_batches[:index])
        for index in range(len(given_batches))
    ]
    return b"".join(
        encoded(batch, start, compression)
        for batch, start in zip(given_batches, starts, strict=True)
    )


def read(reader: type, log: bytes, fetch_offset: int) -> tuple[list[Fields], int]:
    """All records from an offset on, and the offset to be fetched next."""
    part = reader(fetch_offset, PARTITION, MemoryRecords(log))
    taken = [record for _ in range(10) if part for record in part.take(1_000)]
    return [(r.offset, r.timestamp, r.key, r.value) for r in taken], part.next_fetch_offset


@given(batches, st.integers(0, 1 << 30), st.sampled_from([NONE, GZIP]), st.data())
def test_both_readers_give_the_same_records_from_any_offset(
    given_batches: list[Any], first_offset: int, compression: int, data: st.DataObject
) -> None:
    log = joined(given_batches, first_offset, compression)
    count = sum(len(batch) for batch in given_batches)
    fetch_offset = data.draw(st.integers(first_offset, first_offset + count - 1))

    assert read(LeanPartitionRecords, log, fetch_offset) == read(
        Fetcher.PartitionRecords, log, fetch_offset
    )


@given(st.integers(0, 600), st.integers(1, 255))
def test_a_damaged_batch_is_refused_and_the_ones_before_it_are_read(at: int, change: int) -> None:
    sound = encoded([(1, b"key", b"sound", [])], 0, NONE)
    other = bytearray(encoded([(1, b"key", bytes(600), [])], 1, NONE))
    # Behind the checksum's own field, which ends at byte 21.
    other[21 + at] ^= change
    part = LeanPartitionRecords(0, PARTITION, MemoryRecords(sound + bytes(other)))

    assert part.take(10) == [LeanRecord(0, 1, b"key", b"sound")]
    with pytest.raises(CorruptRecordError):
        part.take(10)


def test_take_gives_whole_batches_until_it_has_enough() -> None:
    log = joined([[(1, None, b"x", [])] * 3] * 4, 0, NONE)
    part = LeanPartitionRecords(0, PARTITION, MemoryRecords(log))

    assert [len(part.take(4)), len(part.take(4)), bool(part)] == [6, 6, True]
    assert (part.take(4), bool(part)) == ([], False)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"\x00", 0),
        (b"\x01", -1),
        (b"\x7f", -64),
        (b"\x80\x01", 64),
        (b"\xac\x02", 150),
        (b"\xff\xff\xff\xff\x0f", -(1 << 31)),
        (b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01", (1 << 63) - 1),
    ],
)
def test_varints_are_zigzag(body: bytes, value: int) -> None:
    assert varint(b"\xff" + body, 1) == (value, 1 + len(body))


def test_a_varint_that_is_cut_short_is_an_index_error() -> None:
    with pytest.raises(IndexError):
        varint(b"\xff\xff", 0)
