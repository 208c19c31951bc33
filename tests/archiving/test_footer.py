"""What an object's Parquet footer says about the chain, also when it is damaged."""

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.archiving.footer import (
    Footer,
    Kind,
    UnreadableObjectError,
    footer_bytes,
    footer_metadata,
    footer_of,
)
from tests.archiving.records import SHORT_ID, object_of, records

CONTENT = object_of(records(5, 9), partition=3).content


def test_a_footer_says_which_positions_the_object_covers() -> None:
    assert footer_of(CONTENT[-footer_bytes(CONTENT) :]) == Footer(SHORT_ID, 3, 5, 10)


def object_with(entries: dict[str, str]) -> bytes:
    """An object with these entries in its footer."""
    sink = io.BytesIO()
    table = pa.table({"x": [1]})
    with pq.ParquetWriter(sink, table.schema) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata(entries)
    return sink.getvalue()


OF_VERSION_0_1 = {
    "dronewatch.topic_id": SHORT_ID,
    "dronewatch.partition": "3",
    "dronewatch.first_offset": "5",
    "dronewatch.last_offset": "9",
}


def test_a_footer_of_version_0_1_is_read_as_the_same_positions() -> None:
    assert footer_of(object_with(OF_VERSION_0_1)) == Footer(SHORT_ID, 3, 5, 10)


@pytest.mark.parametrize("kind", ["records", "fence", "decision"])
def test_a_footer_says_of_which_kind_its_object_is_and_why(kind: Kind) -> None:
    footer = Footer(SHORT_ID, 3, 5, 10, kind, "retention")
    assert footer_of(object_with(footer_metadata(footer))) == footer


def test_a_kind_that_is_unknown_is_unreadable() -> None:
    entries = footer_metadata(Footer(SHORT_ID, 3, 5, 10)) | {"dronewatch.kind": "tombstone"}
    with pytest.raises(UnreadableObjectError, match="tombstone"):
        footer_of(object_with(entries))


def outcome(tail: bytes) -> Footer | None:
    """What a tail is read as; any error but the one for unreadable objects goes through."""
    try:
        footer_bytes(tail)
        return footer_of(tail)
    except UnreadableObjectError:
        return None


@given(st.binary(max_size=300))
@example(b"PAR1")
@example(b"\xff\xff\xff\xffPAR1")
@example(b"\x00\x00\x00\x00PAR1")
@example(b"\x08\x00\x00\x00PAR1PAR1PAR1")
def test_garbage_is_unreadable_and_nothing_worse(tail: bytes) -> None:
    assert outcome(tail) is None
    assert outcome(tail + b"\x10\x00\x00\x00PAR1") is None


@given(st.data())
def test_a_damaged_object_is_unreadable_or_read_as_what_it_was(data: st.DataObject) -> None:
    position = data.draw(st.integers(0, len(CONTENT) - 1))
    damaged = bytearray(CONTENT)
    damaged[position] = data.draw(st.integers(0, 255))
    assert isinstance(outcome(bytes(damaged)), Footer | None)


@given(st.integers(0, len(CONTENT) - 1))
def test_a_cut_object_is_unreadable(size_bytes: int) -> None:
    assert outcome(CONTENT[:size_bytes]) is None


def test_a_parquet_file_of_somebody_else_is_unreadable() -> None:
    sink = io.BytesIO()
    pq.write_table(pa.table({"x": [1]}), sink)
    with pytest.raises(UnreadableObjectError):
        footer_of(sink.getvalue())
