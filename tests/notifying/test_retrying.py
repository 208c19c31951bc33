"""When a failed delivery is tried again, for whom, and when it is given up."""

import pytest

from services.notifying.notice import Outcome, Retry, Undelivered, notice_of
from services.notifying.retrying import Terms, to_give_up, to_try_again, untried, wait_ms
from tests.notifying.samples import alert

HOUR_MS = 3_600_000
NOTICE = notice_of([alert("a-1")], detected_at_ms=5)
TWO = Terms(recipients=("ann@example.org", "ben@example.org"), give_up_ms=24 * HOUR_MS)


def again(tried: Retry, outcome: Outcome, now_ms: int = 1_000, jitter: float = 0.5) -> Retry:
    found = to_try_again(tried, outcome, TWO, now_ms, jitter)
    assert found
    return found


def given_up(tried: Retry, outcome: Outcome, now_ms: int = 1_000) -> Undelivered:
    found = to_give_up(tried, outcome, TWO, now_ms)
    assert found
    return found


@pytest.mark.parametrize(
    ("attempts", "longest_ms"),
    [(1, 10_000), (2, 20_000), (3, 40_000), (5, 160_000), (6, 300_000), (9_999, 300_000)],
)
def test_the_longest_wait_doubles_up_to_five_minutes(attempts: int, longest_ms: int) -> None:
    assert wait_ms(attempts, 1.0) == longest_ms
    assert wait_ms(attempts, 0.25) == longest_ms // 4
    assert wait_ms(attempts, 0.0) == 0


def test_what_all_took_is_neither_tried_again_nor_given_up() -> None:
    outcome = Outcome(delivered=TWO.recipients)
    assert to_try_again(untried(NOTICE, 0), outcome, TWO, 1_000, 0.5) is None
    assert to_give_up(untried(NOTICE, 0), outcome, TWO, 1_000) is None


def test_a_first_failure_waits_under_its_own_id_and_content() -> None:
    retry = again(untried(NOTICE, 1_000), Outcome(later={"ann@example.org": "450 busy"}))
    assert (retry.attempts, retry.first_failed_at_ms, retry.wait_ms) == (1, 1_000, 5_000)
    assert retry.reason == "450 busy"
    assert (retry.notice.notice_id, retry.notice.alerts) == (NOTICE.notice_id, NOTICE.alerts)
    assert retry.notice.detected_at_ms == 5


def test_each_failure_counts_and_the_first_one_is_remembered() -> None:
    outcome = Outcome(later=dict.fromkeys(TWO.recipients, "busy"))
    first = again(untried(NOTICE, 1_000), outcome)
    second = again(first, outcome, now_ms=50_000)
    assert (second.attempts, second.first_failed_at_ms, second.wait_ms) == (2, 1_000, 10_000)


def test_only_those_who_lack_it_get_it_again() -> None:
    outcome = Outcome(delivered=("ann@example.org",), later={"ben@example.org": "busy"})
    assert again(untried(NOTICE, 0), outcome).notice.recipients == ("ben@example.org",)


def test_if_all_lack_it_none_is_named() -> None:
    """So that an address put right meanwhile counts, and a secret one is not written down."""
    later = Outcome(later=dict.fromkeys(TWO.recipients, "busy"))
    never = Outcome(never=dict.fromkeys(TWO.recipients, "unknown"))
    assert again(untried(NOTICE, 0), later).notice.recipients == ()
    assert given_up(untried(NOTICE, 0), never).notice.recipients == ()


def test_who_refuses_for_good_is_given_up_at_once_and_the_other_is_not() -> None:
    outcome = Outcome(later={"ann@example.org": "busy"}, never={"ben@example.org": "550 unknown"})
    assert again(untried(NOTICE, 0), outcome).notice.recipients == ("ann@example.org",)
    undelivered = given_up(untried(NOTICE, 0), outcome)
    assert undelivered.notice.recipients == ("ben@example.org",)
    assert (undelivered.reason, undelivered.attempts) == ("550 unknown", 1)


@pytest.mark.parametrize(("hours", "is_over"), [(23.9, False), (24, True), (99, True)])
def test_after_a_day_of_failures_it_is_given_up(hours: float, is_over: bool) -> None:
    busy = Outcome(later={"ann@example.org": "busy"})
    tried = again(untried(NOTICE, 0), busy, now_ms=0)
    now_ms = int(hours * HOUR_MS)
    assert (to_try_again(tried, busy, TWO, now_ms, 0.5) is None) == is_over
    assert (to_give_up(tried, busy, TWO, now_ms) is not None) == is_over


def test_what_is_delivered_at_last_is_not_given_up() -> None:
    tried = again(untried(NOTICE, 0), Outcome(later={"ann@example.org": "busy"}))
    assert to_give_up(tried, Outcome(delivered=("ann@example.org",)), TWO, 99 * HOUR_MS) is None


def test_a_reason_is_one_short_printable_line() -> None:
    outcome = Outcome(later={"ann@example.org": "no\r\nBcc: all", "ben@example.org": "x" * 999})
    reason = again(untried(NOTICE, 0), outcome).reason
    assert reason.startswith("no??Bcc: all; xxx")
    assert len(reason) == 200
