"""How many notices a minute may bring, and when the next one may go."""

import pytest

from services.notifying.choosing import CROWD, allowance

MINUTE_MS = 60_000
NOW_MS = 10 * MINUTE_MS


@pytest.mark.parametrize(
    ("ages_ms", "is_left"),
    [
        ([], True),
        ([0, 0, 0, 0], True),
        ([0, 0, 0, 0, 0], False),
        ([5_999] * 5, False),
        ([6_000] * 5, True),
        ([6_000] * 9, True),
        ([6_000] * 10, False),
        ([59_999] * 10, False),
        ([60_000] * 10, True),
    ],
)
def test_half_of_ten_a_minute_go_at_once_and_the_others_each_six_seconds(
    ages_ms: list[int], is_left: bool
) -> None:
    sent = [NOW_MS - age for age in ages_ms]
    assert allowance(sent, 10, NOW_MS).is_left() == is_left


def test_who_always_has_more_to_send_sends_just_the_cap_in_any_minute() -> None:
    sent: list[int] = []
    for now_ms in range(NOW_MS, NOW_MS + 10 * MINUTE_MS, 100):
        if allowance(sent, 10, now_ms).is_left():
            sent.append(now_ms)
    assert all(later - sooner >= MINUTE_MS for sooner, later in zip(sent, sent[10:], strict=False))
    last_five_minutes = [at for at in sent if at >= NOW_MS + 5 * MINUTE_MS]
    assert len(last_five_minutes) == 50


@pytest.mark.parametrize(("sent", "is_crowded"), [(4, False), (5, True), (10, True)])
def test_with_half_of_them_used_what_is_due_shares_a_notice(sent: int, is_crowded: bool) -> None:
    assert allowance([NOW_MS] * sent, 10, NOW_MS).is_crowded(due=1) == is_crowded


def test_without_a_cap_only_a_crowd_shares_a_notice() -> None:
    free = allowance([], None, NOW_MS)
    assert free.is_left()
    assert not free.is_crowded(CROWD)
    assert free.is_crowded(CROWD + 1)


def test_a_clock_that_was_put_back_does_not_silence_the_channel() -> None:
    assert allowance([NOW_MS + MINUTE_MS] * 10, 10, NOW_MS).is_left()
