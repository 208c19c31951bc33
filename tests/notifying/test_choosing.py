"""Which alerts go out next, alone or together, and when none may."""

import pytest

from services.notifying.choosing import (
    CROWD,
    DIGEST_ALERTS_MAX,
    DIGEST_BYTES_MAX,
    Waiting,
    allowance,
    due,
    next_alerts,
)
from services.notifying.windows import Windows

A, B = ("drone-1", "ann"), ("drone-1", "ben")


def waiting(offset: int, due_ms: int = 0, key: tuple[str, str] = A, size: int = 10) -> Waiting:
    return Waiting(offset, due_ms, key, due_ms, b"x" * size)


def offsets(chosen: tuple[Waiting, ...]) -> list[int]:
    return [one.offset for one in chosen]


def test_the_first_alert_is_due_at_once_and_the_next_ones_when_its_window_closes() -> None:
    windows = Windows(length_ms=300)
    assert [windows.due_ms(A, at) for at in (1_000, 1_010, 1_299)] == [1_000, 1_300, 1_300]


def test_the_first_one_after_a_window_is_due_at_once_again() -> None:
    windows = Windows(length_ms=300)
    assert [windows.due_ms(A, at) for at in (1_000, 1_300, 1_301)] == [1_000, 1_300, 1_600]


def test_each_drone_and_subject_has_its_own_window() -> None:
    windows = Windows(length_ms=300)
    assert [windows.due_ms(key, 1_000) for key in (A, B)] == [1_000, 1_000]


def test_closed_windows_are_forgotten() -> None:
    windows = Windows(length_ms=300)
    for second in range(1_000):
        windows.due_ms(("drone", str(second)), second * 1_000)
    assert len(windows.opened_at_ms) == 1


def test_only_what_is_due_goes() -> None:
    assert offsets(due([waiting(1, 100), waiting(2, 200), waiting(3, 150)], now_ms=150)) == [1, 3]


def test_without_a_crowd_the_first_due_goes_with_those_of_its_window() -> None:
    found = [waiting(1, 200), waiting(2, 100, B), waiting(3, 200), waiting(4, 100, B)]
    assert offsets(next_alerts(found, is_crowded=False)) == [2, 4]
    assert offsets(next_alerts([waiting(1, 200), waiting(2, 100, B)], is_crowded=False)) == [2]


def test_in_a_crowd_all_go_together_in_their_order() -> None:
    found = [waiting(1, 200), waiting(2, 100, B), waiting(3, 300)]
    assert offsets(next_alerts(found, is_crowded=True)) == [1, 2, 3]


def test_a_digest_is_bounded_in_alerts_and_in_bytes() -> None:
    many = [waiting(offset) for offset in range(DIGEST_ALERTS_MAX + 1)]
    assert offsets(next_alerts(many, is_crowded=True)) == list(range(DIGEST_ALERTS_MAX))
    large = [waiting(offset, size=DIGEST_BYTES_MAX // 2) for offset in range(3)]
    assert offsets(next_alerts(large, is_crowded=True)) == [0, 1]
    huge = [waiting(0, size=DIGEST_BYTES_MAX + 1), waiting(1)]
    assert offsets(next_alerts(huge, is_crowded=True)) == [0]


@pytest.mark.parametrize(
    ("sent_at_ms", "is_left", "is_crowded"),
    [
        ([], True, False),
        ([59_000], True, False),
        # Half of them are used: the next ones keep a distance.
        ([30_000, 45_000], True, True),
        ([30_000, 45_004], False, True),
        ([57_000, 58_000, 59_000, 60_000], False, True),
        # A minute later they count no more, nor do those of a clock that was put back.
        ([1, 2, 3, 60_000], True, False),
        ([90_000, 90_001, 90_002, 90_003], True, False),
    ],
)
def test_the_cap_counts_the_last_minute(
    sent_at_ms: list[int], is_left: bool, is_crowded: bool
) -> None:
    allowed = allowance(sent_at_ms, cap_per_minute=4, now_ms=60_003)
    assert (allowed.is_left(), allowed.is_crowded(due=1)) == (is_left, is_crowded)


def test_without_a_cap_many_due_are_a_crowd() -> None:
    allowed = allowance(range(1_000), cap_per_minute=None, now_ms=1_000)
    assert allowed.is_left()
    assert [allowed.is_crowded(due) for due in (CROWD, CROWD + 1)] == [False, True]
