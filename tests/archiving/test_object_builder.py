"""An object holds what was appended, and its name and footer say so."""

import io

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.archiving import object_builder
from services.archiving.footer import Footer, footer_of
from services.archiving.naming import object_name
from services.archiving.object_builder import FinishedObject, shortened
from services.reports.codec import encoded
from services.stream.worker import NO_EPOCH
from tests.archiving.records import (
    EPOCH,
    SHORT_ID,
    KafkaRecord,
    builder_of,
    object_of,
    records,
    start_of,
)
from tests.faults.samples import sound_report


def offsets(finished: FinishedObject) -> list[int]:
    table = pq.read_table(io.BytesIO(finished.content))
    return [int(offset) for offset in table["kafka_offset"].to_pylist()]


def test_an_object_is_named_by_its_beginning_and_says_where_it_ends() -> None:
    finished = object_of(records(7, 11), partition=2)
    assert finished.name == object_name(start_of(records(7, 7)[0], partition=2))
    assert (finished.end, finished.end_epoch) == (12, EPOCH)
    assert footer_of(finished.content) == Footer(SHORT_ID, 2, 7, 12)
    assert offsets(finished) == [7, 8, 9, 10, 11]


def test_an_object_may_end_behind_its_last_record_and_begin_before_its_first() -> None:
    builder = object_builder.ObjectBuilder(start_of(KafkaRecord(5)), 0, 0.0)
    builder.append(records(7, 9))
    builder.end = 12
    finished = builder.finish()
    assert footer_of(finished.content) == Footer(SHORT_ID, 0, 5, 12)
    assert offsets(finished) == [7, 8, 9]


def test_an_object_of_a_hole_alone_has_no_rows() -> None:
    builder = object_builder.ObjectBuilder(start_of(KafkaRecord(5)), 0, 0.0)
    builder.end = 6
    finished = builder.finish()
    assert footer_of(finished.content) == Footer(SHORT_ID, 0, 5, 6)
    assert offsets(finished) == []


def test_the_oldest_arrival_and_the_raw_bytes_are_known() -> None:
    finished = object_of([KafkaRecord(1, 1000, value=b"abc"), KafkaRecord(2, 2000, value=None)])
    assert (finished.oldest_ms, finished.raw_bytes) == (1000, 3)


@pytest.mark.parametrize("row_group_bytes", [1, 700, 10**9])
def test_garbage_first_last_and_alone_keeps_its_place(
    monkeypatch: pytest.MonkeyPatch, row_group_bytes: int
) -> None:
    monkeypatch.setattr(object_builder, "ROW_GROUP_RAW_BYTES", row_group_bytes)
    values = [b"{", encoded(sound_report("a")), None, b"", encoded(sound_report("b")), b"\xff"]
    finished = object_of([KafkaRecord(at, value=value) for at, value in enumerate(values)])
    rows = pq.read_table(io.BytesIO(finished.content)).to_pylist()
    assert [row["kafka_offset"] for row in rows] == [0, 1, 2, 3, 4, 5]
    assert [row["report_id"] for row in rows] == [None, "a", None, None, "b", None]
    assert [row["rejected_value"] for row in rows] == [b"{", None, None, b"", None, b"\xff"]
    assert [bool(row["rejected_reason"]) for row in rows] == [True, False, True, True, False, True]


@given(st.integers(5, 12), st.integers(0, 20))
def test_a_shortened_object_holds_what_it_says(last: int, end: int) -> None:
    finished = object_of(records(5, last))
    shorter = shortened(finished, end)
    if end <= 5:
        assert shorter is None
    elif end > last:
        assert shorter is finished
    else:
        assert shorter is not None
        assert offsets(shorter) == list(range(5, end))
        assert footer_of(shorter.content).end == shorter.end == end
        # Of the epoch at another end nothing is known.
        assert (shorter.name, shorter.end_epoch) == (finished.name, NO_EPOCH)


def test_what_it_holds_in_memory_grows_and_is_given_back_when_compressed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(object_builder, "ROW_GROUP_RAW_BYTES", 100_000)
    builder = builder_of([KafkaRecord(0, value=b"x" * 1_000)])
    sizes = []
    for offset in range(1, 200):
        builder.append([KafkaRecord(offset, value=b"x" * 1_000)])
        sizes.append(builder.memory_bytes)
    assert max(sizes) < 200_000
    assert sizes[97] > sizes[0]
    assert builder.raw_bytes == 200_000
