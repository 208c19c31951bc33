from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.archiving.naming import (
    DECISIONS_FOLDER,
    HOUR_MS,
    REPORTS_FOLDER,
    ObjectStart,
    arrival_hour,
    decision_name,
    object_name,
    object_start,
)

STARTS = st.builds(
    ObjectStart,
    topic_id=st.text("0123456789abcdef", min_size=8, max_size=8),
    partition=st.integers(0, 99_999),
    offset=st.integers(0, 2**63 - 1),
    hour=st.integers(0, arrival_hour(int(datetime(9999, 1, 1, tzinfo=UTC).timestamp() * 1000))),
)


def test_a_name_says_topic_partition_offset_and_hour() -> None:
    start = ObjectStart("0a1b2c3d", 7, 42, arrival_hour(1_772_452_800_000))
    assert object_name(start) == (
        "reports/date=2026-03-02/hour=12/0a1b2c3d-00007-00000000000000000042.parquet"
    )


@given(STARTS)
def test_a_start_survives_its_name(start: ObjectStart) -> None:
    assert object_start(object_name(start)) == start


@given(STARTS, STARTS)
def test_two_starts_have_two_names(one: ObjectStart, other: ObjectStart) -> None:
    assert (one == other) == (object_name(one) == object_name(other))


@given(STARTS)
def test_a_decision_is_outside_of_what_is_analysed_and_bears_no_objects_name(
    start: ObjectStart,
) -> None:
    name = decision_name(start.topic_id, start.partition, start.offset)
    assert name.startswith(f"{DECISIONS_FOLDER}/")
    assert not name.startswith(REPORTS_FOLDER)
    assert object_start(name) is None


def test_a_decision_is_named_by_the_chains_end_alone() -> None:
    assert decision_name("0a1b2c3d", 7, 42) == (
        "decisions/0a1b2c3d-00007-00000000000000000042.parquet"
    )


@given(st.integers(0, 2**40))
def test_an_hour_is_the_hour_of_the_arrival(timestamp_ms: int) -> None:
    hour = arrival_hour(timestamp_ms)
    assert hour * HOUR_MS <= timestamp_ms < (hour + 1) * HOUR_MS


@pytest.mark.parametrize(
    "name",
    [
        "",
        "reports/date=2026-03-02/hour=12/0a1b2c3d-00007-42.parquet",
        "reports/date=2026-03-02/hour=12/.writing-abc",
        "reports/date=2026-03-02/hour=12/0a1b2c3d-00007-00000000000000000042.parquet.tmp",
        "probes/0a1b2c3d",
    ],
)
def test_other_names_are_none_of_ours(name: str) -> None:
    assert object_start(name) is None


@pytest.mark.parametrize("when", ["date=2026-13-02/hour=12", "date=2026-03-02/hour=24"])
def test_a_time_that_never_was_is_no_name_of_ours(when: str) -> None:
    name = f"reports/{when}/0a1b2c3d-00007-00000000000000000042.parquet"
    assert object_start(name) is None
