"""How far a channel is, in a commit's metadata: bounded, and read back as it was written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifying.bookmark import SPAN_MAX, Bookmark, bookmark_in, metadata_of

KAFKA_TAKES_BYTES = 4_096
TOPIC_ID = "f" * 32


def written_and_read(bookmark: Bookmark) -> Bookmark | None:
    return bookmark_in(bookmark.offset, metadata_of(bookmark))


@given(
    offset=st.integers(0, 2**62),
    done=st.frozensets(st.integers(1, SPAN_MAX - 1)),
    planned=st.frozensets(st.integers(0, SPAN_MAX - 1)),
)
def test_what_is_written_is_read_back(
    offset: int, done: frozenset[int], planned: frozenset[int]
) -> None:
    bookmark = Bookmark(
        TOPIC_ID,
        offset,
        frozenset(offset + one for one in done - planned),
        frozenset(offset + one for one in planned),
    )
    assert written_and_read(bookmark) == bookmark


@given(rng=st.randoms(use_true_random=True), share=st.floats(0, 1))
def test_kafka_takes_the_metadata_whatever_is_done(rng, share: float) -> None:
    done = frozenset(one for one in range(1, SPAN_MAX) if rng.random() < share)
    left = sorted(set(range(SPAN_MAX)) - done)
    planned = frozenset(rng.sample(left, min(500, len(left))))
    bookmark = Bookmark(TOPIC_ID, 0, done, planned)
    assert len(metadata_of(bookmark).encode()) <= KAFKA_TAKES_BYTES
    assert written_and_read(bookmark) == bookmark


def test_of_what_is_done_beyond_its_span_it_says_nothing() -> None:
    bookmark = Bookmark(TOPIC_ID, 10, frozenset({11, 10 + SPAN_MAX}))
    assert written_and_read(bookmark) == Bookmark(TOPIC_ID, 10, frozenset({11}))


@pytest.mark.parametrize(
    "metadata",
    [
        "",
        "dronewatch:0123",
        "{}",
        '{"version": 2, "topic_id": "", "done": "", "planned": ""}',
        '{"version": 1, "topic_id": "a", "done": "!", "planned": ""}',
        '{"version": 1, "topic_id": "a", "done": "eJw=", "planned": "eJw="}',
        "\x00",
        metadata_of(Bookmark(TOPIC_ID, 0, frozenset({1, 2})))[:-20],
    ],
)
def test_what_is_not_ours_is_no_bookmark(metadata: str) -> None:
    assert bookmark_in(0, metadata) is None


@given(st.text())
def test_no_text_is_too_strange(metadata: str) -> None:
    assert bookmark_in(0, metadata) is None


@pytest.mark.parametrize(
    ("log_start", "offset", "done", "planned"),
    [
        (5, 10, {11, 15}, {12, 14}),
        (10, 10, {11, 15}, {12, 14}),
        (12, 12, {15}, {12, 14}),
        # Of a plan that has lost an alert nothing can be sent under its id.
        (13, 13, {15}, set()),
        (99, 99, set(), set()),
    ],
)
def test_deleted_records_move_it_to_the_logs_start(
    log_start: int, offset: int, done: set[int], planned: set[int]
) -> None:
    bookmark = Bookmark(TOPIC_ID, 10, frozenset({11, 15}), frozenset({12, 14}))
    moved = bookmark.from_log_start(log_start)
    assert moved == Bookmark(TOPIC_ID, offset, frozenset(done), frozenset(planned))
