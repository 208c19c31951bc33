"""Our reader gives what kafka-python's own gives, in pieces, and says what cannot be read."""

import sys
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kafka.consumer.fetcher import Fetcher
from kafka.protocol.consumer import IsolationLevel
from kafka.record.legacy_records import LegacyRecordBatchBuilder
from kafka.record.memory_records import MemoryRecords

from services.reports.codec import REPORT_MAX_BYTES, Oversize
from services.stream.record_parser import KEY_BYTES_MAX, LeanRecord, varint
from services.stream.record_stream import OVERSIZE_KEPT_BYTES
from services.stream.records import PIECE_BYTES
from tests.stream.batches import (
    CODECS,
    NONE,
    NOW_MS,
    PARTITION,
    TRANSACTIONAL,
    aborted,
    batch,
    compacted,
    control,
    encoded,
    pieces,
    plain,
    reader,
    record,
)

Fields = tuple[int, int, bytes | None, bytes | None, Any]
sizes = st.one_of(st.none(), st.binary(max_size=200), st.integers(0, 20_000).map(bytes))
headers = st.lists(st.tuples(st.text(max_size=5), st.binary(max_size=5)), max_size=2)
records = st.tuples(st.integers(0, 1 << 41), sizes, sizes, headers)
batches = st.lists(st.lists(records, min_size=1, max_size=4), min_size=1, max_size=4)


def joined(given_batches: list[Any], first_offset: int, codec: int) -> bytes:
    log = b""
    for one in given_batches:
        log += encoded(one, first_offset, codec)
        first_offset += len(one)
    return log


def read_by_kafka_python(log: bytes, fetch_offset: int) -> tuple[list[Fields], int]:
    part = Fetcher.PartitionRecords(fetch_offset, PARTITION, MemoryRecords(log))
    taken = [one for _ in range(10) if part for one in part.take(100_000)]
    fields = [(r.offset, r.timestamp, r.key, r.value, tuple(r.headers)) for r in taken]
    return fields, part.next_fetch_offset


def read(log: bytes, fetch_offset: int) -> tuple[list[Fields], int]:
    """All records from an offset on, and the offset to be fetched next."""
    part = reader(log, fetch_offset, with_headers=True)
    taken = [one for piece in pieces(part) for one in piece.records]
    fields = [(r.offset, r.timestamp, r.key, r.value, r.headers) for r in taken]
    return fields, part.next_fetch_offset


@given(batches, st.integers(0, 1 << 30), st.sampled_from(CODECS), st.data())
def test_both_readers_give_the_same_records_from_any_offset(
    given_batches: list[Any], first_offset: int, codec: int, data: st.DataObject
) -> None:
    log = joined(given_batches, first_offset, codec)
    count = sum(len(one) for one in given_batches)
    fetch_offset = data.draw(st.integers(first_offset, first_offset + count - 1))

    assert read(log, fetch_offset) == read_by_kafka_python(log, fetch_offset)


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.integers(0, 900_000), min_size=1, max_size=6),
    st.integers(0, 30_000),
    st.sampled_from(CODECS),
    st.data(),
)
def test_both_readers_give_the_same_of_batches_that_are_read_as_a_stream(
    large: list[int], small: int, codec: int, data: st.DataObject
) -> None:
    given_records = [
        (NOW_MS + size, b"k", size.to_bytes(4, "big") * (size // 4), [("at", b"1")])
        for size in (*large, *[40] * small, *reversed(large))
    ]
    log = encoded(given_records, 7, codec)
    fetch_offset = data.draw(st.integers(7, 6 + len(given_records)))

    assert read(log, fetch_offset) == read_by_kafka_python(log, fetch_offset)


def test_headers_are_read_only_if_asked_for() -> None:
    log = encoded([(1, b"key", b"value", [("at", b"1"), ("none", None)])])
    [asked], [unasked] = pieces(reader(log, with_headers=True)), pieces(reader(log))
    assert asked.records == [LeanRecord(0, 1, b"key", b"value", (("at", b"1"), ("none", b"")))]
    assert unasked.records == [LeanRecord(0, 1, b"key", b"value")]


# --- pieces ---------------------------------------------------------------------


def test_the_batches_of_a_fetch_come_in_one_piece_and_the_last_piece_drains() -> None:
    part = reader(plain(b"a", b"b") + plain(b"c", first_offset=2))
    [piece] = part.take(1)
    assert (piece.partition, piece.begin, piece.end) == (PARTITION.partition, 0, 3)
    assert [one.value for one in piece.records] == [b"a", b"b", b"c"]
    assert not part
    assert part.take(1) == []


@pytest.mark.parametrize("codec", CODECS)
def test_pieces_follow_one_another_and_are_bounded(codec: int) -> None:
    log = b"".join(
        plain(*[bytes(1_000)] * 2_000, first_offset=2_000 * n, codec=codec) for n in range(3)
    )
    taken = pieces(reader(log))
    assert [piece.begin for piece in taken] == [0, *(piece.end for piece in taken[:-1])]
    assert taken[-1].end == 6_000
    assert max(sum(len(r.value) for r in piece.records) for piece in taken) < 4 * PIECE_BYTES
    assert len(taken) > 4


def test_a_hole_between_batches_is_inside_a_piece() -> None:
    [piece] = pieces(reader(plain(b"a", first_offset=5) + plain(b"b", first_offset=9), 3))
    assert (piece.begin, piece.end) == (3, 10)
    assert [one.offset for one in piece.records] == [5, 9]


def test_offsets_that_compaction_emptied_are_a_piece_without_records() -> None:
    [piece] = pieces(reader(compacted(batch(b"", 5, base=4), count=0), 6))
    assert (piece.begin, piece.end, piece.records) == (6, 9, [])


def test_offsets_that_compaction_left_of_a_batch_are_within_the_piece() -> None:
    log = compacted(batch(record(1, 1) + b"x\x00", 5, base=10), count=1)
    [piece] = pieces(reader(log, 10))
    assert (piece.end, [one.offset for one in piece.records]) == (15, [11])


def test_a_piece_says_when_what_is_at_its_begin_arrived_and_the_last_leader_epoch() -> None:
    data = batch(record(0, 1) + b"x\x00", 1, base=8)
    [of_record] = pieces(reader(data + control(9, 5, is_abort=False), 8))
    [of_hole] = pieces(reader(control(7, 5, is_abort=False) + data, 7))
    assert (of_record.timestamp, of_hole.timestamp) == (NOW_MS, NOW_MS + 9)
    assert (of_record.leader_epoch, of_record.end) == (7, 10)


def test_what_was_written_in_another_leader_epoch_is_another_piece() -> None:
    of_7 = batch(record(0, 1) + b"x\x00", 1, base=0)
    of_8 = of_7[:7] + b"\x01" + of_7[8:12] + (8).to_bytes(4, "big") + of_7[16:]
    taken = pieces(reader(of_7 + of_8))
    assert [(piece.begin, piece.end, piece.leader_epoch) for piece in taken] == [
        (0, 1, 7),
        (1, 2, 8),
    ]


# --- transactions ---------------------------------------------------------------


def transactional(base: int, producer_id: int, value: bytes = b"x") -> bytes:
    body = record(0, len(value)) + value + b"\x00"
    return batch(body, 1, base, TRANSACTIONAL, producer_id)


def test_aborted_records_are_left_out_and_committed_ones_are_not() -> None:
    log = (
        transactional(0, 11, b"aborted")
        + transactional(1, 22, b"committed")
        + plain(b"without", first_offset=2)
        + control(3, 11, is_abort=True)
        + control(4, 22, is_abort=False)
        + transactional(5, 11, b"later")
        + control(6, 11, is_abort=False)
    )
    taken = pieces(reader(log, aborted_transactions=[aborted(11, 0)]))
    values = [one.value for piece in taken for one in piece.records]
    assert values == [b"committed", b"without", b"later"]
    assert (taken[0].begin, taken[-1].end) == (0, 7)


def test_a_fetch_of_nothing_but_an_aborted_transaction_moves_the_position() -> None:
    log = transactional(0, 11) + control(1, 11, is_abort=True)
    [piece] = pieces(reader(log, aborted_transactions=[aborted(11, 0)]))
    assert (piece.begin, piece.end, piece.records, piece.unreadable) == (0, 2, [], None)


def test_uncommitted_reading_gives_aborted_records_too() -> None:
    from services.stream.transactions import AbortedTransactions

    listed = AbortedTransactions(IsolationLevel.READ_UNCOMMITTED, [aborted(11, 0)])
    assert not listed.to_come


# --- what cannot be read ----------------------------------------------------------


def unreadable_at_1(log: bytes) -> str:
    """Why the batch behind the record at 0 cannot be read."""
    [piece] = pieces(reader(log))
    assert [one.offset for one in piece.records] == [0]
    assert piece.end == 1
    assert piece.unreadable is not None
    assert piece.unreadable.startswith("batch at offset 1: ")
    return piece.unreadable


@given(st.integers(0, 600), st.integers(1, 255))
def test_a_damaged_batch_ends_the_piece_of_the_records_before_it(at: int, change: int) -> None:
    other = bytearray(plain(bytes(600), first_offset=1))
    # Behind the checksum's own field, which ends at byte 21.
    other[21 + at] ^= change
    assert "checksum" in unreadable_at_1(plain(b"sound") + bytes(other))


@pytest.mark.parametrize(
    ("body", "count", "attributes", "reason"),
    [
        (b"", 1, 5, "codec 5 is unknown"),
        (b"no gzip", 1, 1, "does not unpack"),
        (b"\xff\xff\xff\xff\xff\xff", 1, 2, "no length"),
        (b"\x82SNAPPY\x00" + bytes(8) + b"\x00\x00\x10\x00x", 1, 2, "cut short"),
        (b"\x80\x80\x80\x10" + b"x", 1, 2, "snappy block of 33554432 bytes"),
        (b"no lz4", 1, 3, "does not unpack"),
        (b"no zstd", 1, 4, "does not unpack"),
        (b"", 1, 0, "1 of 1 records are missing"),
        (record(0, 9) + b"short", 1, 0, "1 of 1 records are missing"),
        (b"\x03", 1, 0, "damaged"),
        (b"\xff" * 3_000_000, 1, 0, "damaged"),
        (record(0, 1 << 30)[:-5] + b"\xff" * 5, 1, 0, "cut short"),
        (record(7, 1) + b"x\x00", 1, 0, "beyond its end"),
    ],
)
def test_a_batch_that_cannot_be_read_ends_the_piece_and_says_why(
    body: bytes, count: int, attributes: int, reason: str
) -> None:
    assert reason in unreadable_at_1(plain(b"sound") + batch(body, count, 1, attributes))


@pytest.mark.parametrize("codec", CODECS[1:])
def test_a_packed_batch_that_is_cut_short_is_unreadable(codec: int) -> None:
    whole = plain(*[bytes([n]) * 50 for n in range(200)], first_offset=1, codec=codec)
    assert unreadable_at_1(plain(b"sound") + batch(whole[61:-20], 200, 1, codec))


@pytest.mark.parametrize("library", ["snappy", "lz4.frame", "zstandard"])
def test_without_its_library_a_codecs_batches_are_unreadable(
    monkeypatch: pytest.MonkeyPatch, library: str
) -> None:
    codec = {"snappy": 2, "lz4.frame": 3, "zstandard": 4}[library]
    log = plain(b"sound") + plain(bytes(200), first_offset=1, codec=codec)
    monkeypatch.setitem(sys.modules, library, None)
    assert f"{library} is not installed" in unreadable_at_1(log)


def test_a_batch_that_turns_bad_midway_is_unreadable_behind_its_last_good_record() -> None:
    sound = b"".join(record(n, 1_000) + bytes(1_000) + b"\x00" for n in range(3_000))
    log = batch(sound + b"\x03" * 20, 4_000)
    taken = pieces(reader(log))
    assert taken[-1].end == 3_000
    assert taken[-1].unreadable == "batch at offset 3000: a record in it is damaged"
    assert sum(len(piece.records) for piece in taken) == 3_000


@pytest.mark.parametrize("log", [plain(b"a")[:-1], bytes(61), plain(b"a")[:12] + b"\x00" * 60])
def test_a_fetch_that_begins_with_no_whole_batch_is_unreadable(log: bytes) -> None:
    [piece] = pieces(reader(log, 4))
    assert (piece.begin, piece.end, piece.records) == (4, 4, [])
    assert str(piece.unreadable).startswith("batch at offset 4: ")


def test_a_batch_that_the_broker_cut_off_at_the_end_is_left_to_the_next_fetch() -> None:
    [piece] = pieces(reader(plain(b"a") + plain(b"b", first_offset=1)[:-1]))
    assert (piece.end, piece.unreadable) == (1, None)


@given(st.binary(max_size=300), st.integers(0, 7), st.integers(-1, 5))
def test_no_bytes_raise_an_error(body: bytes, codec: int, count: int) -> None:
    taken = pieces(reader(batch(body, max(count, 0), 0, codec)))
    assert len(taken) == 1


@given(st.binary(max_size=300))
def test_no_fetch_raises_an_error(received: bytes) -> None:
    pieces(reader(received))


# --- large records ----------------------------------------------------------------


@pytest.mark.parametrize("codec", CODECS)
def test_of_an_oversize_record_the_beginning_its_size_and_digest_are_given(codec: int) -> None:
    value = bytes(range(256)) * 8_192
    log = plain(b"before", value, b"after", codec=codec)
    found = [one for piece in pieces(reader(log)) for one in piece.records]
    assert [one.offset for one in found] == [0, 1, 2]
    assert found[1].value == value[:OVERSIZE_KEPT_BYTES]
    assert found[1].oversize == Oversize(len(value), sha256(value).hexdigest())
    assert (found[2].value, found[2].oversize) == (b"after", None)


@pytest.mark.parametrize("codec", CODECS)
def test_a_record_as_large_as_a_report_may_be_is_whole(codec: int) -> None:
    value = bytes(REPORT_MAX_BYTES)
    [found] = [one for piece in pieces(reader(plain(value, codec=codec))) for one in piece.records]
    assert (found.value, found.oversize) == (value, None)


@pytest.mark.parametrize("value", [b"small", bytes(REPORT_MAX_BYTES)])
def test_a_large_key_is_cut(value: bytes) -> None:
    log = encoded([(1, b"k" * 100_000, value, [])])
    [found] = [one for piece in pieces(reader(log)) for one in piece.records]
    assert (found.key, found.value) == (b"k" * KEY_BYTES_MAX, value)


# --- formats ------------------------------------------------------------------------


@pytest.mark.parametrize("magic", [0, 1])
def test_batches_from_before_kafka_0_11_are_read(magic: int) -> None:
    builder = LegacyRecordBatchBuilder(magic, NONE, 1 << 20)
    for offset in range(3):
        builder.append(offset, 1_000 + offset, b"key", b"value")
    [piece] = pieces(reader(bytes(builder.build()), 1))
    assert [one.offset for one in piece.records] == [1, 2]
    assert piece.timestamp == (1_001 if magic else -1)
    assert piece.end == 3


def test_log_append_time_is_every_records_time() -> None:
    body = record(0, 1) + b"x\x00"
    [piece] = pieces(reader(batch(body, 1, attributes=0x08)))
    assert piece.records[0].timestamp == NOW_MS + 9


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


@pytest.mark.parametrize("body", [b"\xff\xff", b"\xff" * 11])
def test_a_varint_that_does_not_end_is_an_index_error(body: bytes) -> None:
    with pytest.raises(IndexError):
        varint(body, 0)
