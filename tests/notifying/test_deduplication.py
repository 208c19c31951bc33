"""Which alerts are remembered, for how long, and in how much memory."""

import tracemalloc

import pytest

from services.notifying import deduplication
from services.notifying.deduplication import (
    GENERATIONS,
    REMEMBERED,
    FirstCopies,
    IdMemory,
    digest_of,
)

A_DAY_OF_A_PARTITION = 24 * 3_600 * 40 // 12


def test_of_a_days_alerts_none_is_new_a_second_time() -> None:
    memory = IdMemory()
    digests = [digest_of(f"drone-7-{number}-agitation-0") for number in range(A_DAY_OF_A_PARTITION)]
    assert all(memory.add(digest, 1) for digest in digests)
    assert not any(memory.add(digest, 2) for digest in digests)
    assert memory.remembered_since_ms == 1


def test_an_id_takes_at_most_twelve_bytes() -> None:
    digests = [digest_of(f"{number}") for number in range(REMEMBERED)]
    tracemalloc.start()
    memory = IdMemory()
    for digest in digests:
        memory.add(digest, 1)
    used_bytes, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert used_bytes / REMEMBERED < 12


def test_beyond_what_is_remembered_the_oldest_are_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(deduplication, "REMEMBERED", 40)
    memory = IdMemory()
    digests = [digest_of(f"{number}") for number in range(200)]
    for at_ms, digest in enumerate(digests):
        memory.add(digest, at_ms)
    known = [not memory.add(digest, 200) for digest in digests[-40:]]
    assert all(known)
    assert memory.add(digests[0], 201)
    assert len(memory.generations) == GENERATIONS + 1


def test_a_forgotten_alert_is_new_again() -> None:
    memory = IdMemory()
    memory.add(digest_of("a"), 1)
    memory.discard(digest_of("a"))
    assert memory.add(digest_of("a"), 2)


def test_of_copies_the_first_to_arrive_counts_and_at_the_same_time_the_lower_partition() -> None:
    first, copy = FirstCopies(), digest_of("a")
    assert first.is_first(copy, 5, 3)
    for timestamp_ms, partition in [(7, 0), (5, 3), (5, 2), (9, 1)]:
        first.note(copy, timestamp_ms, partition)
    assert first.is_first(copy, 5, 2)
    assert not first.is_first(copy, 5, 3)
    assert not first.is_first(copy, 7, 0)
    assert first.is_first(digest_of("b"), 9, 9)
