"""Where a chain goes on, as a pure state machine: each transition, and whole courses."""

from dataclasses import replace

import pytest

from services.archiving.footer import Footer
from services.archiving.naming import ObjectStart
from services.archiving.recovery import (
    MARGIN_HOURS,
    RETENTION,
    UNKNOWN_HOURS,
    ChainEnd,
    Phase,
    Recovery,
    on_checked,
    on_decided,
    on_fenced,
    on_listed,
    on_looked,
    recovery,
)
from tests.archiving.records import NOON_HOUR, SHORT_ID

NOW_HOUR = NOON_HOUR + 1
LAST = ChainEnd(20, NOON_HOUR)
HOURS = tuple(range(NOON_HOUR - MARGIN_HOURS, NOW_HOUR + MARGIN_HOURS + 1))


def begun(log_start: int, marked_end: int | None = None) -> Recovery:
    return recovery(SHORT_ID, 0, log_start, marked_end, NOW_HOUR)


def listed(log_start: int, marked_end: int | None = None, last: ChainEnd | None = LAST) -> Recovery:
    return on_listed(begun(log_start, marked_end), last)


def decision(begin: int, end: int, reason: str = RETENTION) -> Footer:
    return Footer(SHORT_ID, 0, begin, end, "decision", reason)


def fence(begin: int, end: int) -> Footer:
    return Footer(SHORT_ID, 0, begin, end, "fence", RETENTION)


def fencing(log_start: int = 25) -> Recovery:
    """A recovery that has decided to jump from 20 to the log's start."""
    return on_decided(on_looked(listed(log_start), None), is_created=True)


def fenced_through(state: Recovery) -> Recovery:
    """All of its fences are put."""
    while state.phase is Phase.FENCE:
        state = on_fenced(state, None)
    return state


@pytest.mark.parametrize(
    ("log_start", "marked_end", "phase"),
    [
        (0, 20, Phase.CHECK),
        (20, 20, Phase.CHECK),
        (21, 20, Phase.LIST),
        (0, None, Phase.LIST),
        (21, None, Phase.LIST),
    ],
)
def test_only_a_marked_end_that_the_log_still_has_is_trusted(
    log_start: int, marked_end: int | None, phase: Phase
) -> None:
    assert begun(log_start, marked_end).phase is phase


@pytest.mark.parametrize(("found", "phase"), [(None, Phase.DONE), (decision(20, 30), Phase.LIST)])
def test_a_trusted_end_is_the_start_unless_the_chain_jumps_there(
    found: Footer | None, phase: Phase
) -> None:
    state = on_checked(begun(0, 20), found)
    assert (state.phase, state.done, state.lost) == (phase, 20, 0)


@pytest.mark.parametrize(
    ("last", "marked_end", "done", "is_known"),
    [
        (None, None, 0, False),
        (LAST, None, 20, True),
        (None, 7, 7, True),
        (LAST, 7, 20, True),
        # Our own mark is the chain's end, too, though no object is listed.
        (LAST, 30, 30, True),
    ],
)
def test_the_chain_ends_behind_the_last_object_or_at_our_mark_if_that_is_later(
    last: ChainEnd | None, marked_end: int | None, done: int, is_known: bool
) -> None:
    state = listed(99, marked_end, last)
    assert (state.phase, state.done, state.is_chain_known) == (Phase.LOOK, done, is_known)


def test_every_hour_from_the_last_objects_to_now_is_to_be_closed_and_some_more() -> None:
    assert listed(25).hours == HOURS


def test_of_a_chain_without_objects_every_hour_that_a_record_may_have_is_to_be_closed() -> None:
    hours = listed(25, last=None).hours
    assert hours[0] == NOW_HOUR - UNKNOWN_HOURS - MARGIN_HOURS
    assert hours[-1] == NOW_HOUR + MARGIN_HOURS


@pytest.mark.parametrize(
    ("log_start", "phase"),
    [(0, Phase.DONE), (20, Phase.DONE), (21, Phase.DECIDE)],
)
def test_a_jump_is_decided_only_if_the_log_starts_behind_the_chains_end(
    log_start: int, phase: Phase
) -> None:
    state = on_looked(listed(log_start), None)
    assert (state.phase, state.done) == (phase, 20)


@pytest.mark.parametrize("log_start", [0, 25, 40])
def test_a_decision_is_followed_wherever_the_log_starts_for_us(log_start: int) -> None:
    state = on_looked(listed(log_start), decision(20, 30, "somebody stepped over it"))
    assert (state.phase, state.start) == (Phase.FENCE, 30)
    assert state.fence == Footer(SHORT_ID, 0, 20, 30, "fence", "somebody stepped over it")


def test_our_own_decision_leads_to_the_logs_start_and_says_why() -> None:
    state = on_looked(listed(25), None)
    assert state.decision == decision(20, 25)
    state = on_decided(state, is_created=True)
    assert (state.phase, state.start, state.fence) == (Phase.FENCE, 25, fence(20, 25))


def test_a_decision_of_somebody_faster_is_looked_up() -> None:
    state = on_looked(listed(25), None)
    assert on_decided(state, is_created=False) == replace(state, phase=Phase.LOOK)


def test_fences_close_one_hour_after_the_other_and_then_the_new_end_is_looked_up() -> None:
    state, closed = fencing(), []
    while state.phase is Phase.FENCE:
        closed.append(state.fenced)
        state = on_fenced(state, None)
    assert closed == [ObjectStart(SHORT_ID, 0, 20, hour) for hour in HOURS]
    assert (state.phase, state.done, state.lost) == (Phase.LOOK, 25, 5)
    assert on_looked(state, None).phase is Phase.DONE


def test_a_fence_of_somebody_else_counts_like_ours() -> None:
    state = on_fenced(fencing(), fence(20, 25))
    assert (state.phase, state.start, state.to_fence) == (Phase.FENCE, 25, HOURS[1:])


def test_a_data_object_where_a_fence_should_be_lets_the_archive_be_listed_again() -> None:
    state = on_fenced(fencing(), Footer(SHORT_ID, 0, 20, 24))
    assert state.phase is Phase.LIST
    state = on_listed(state, ChainEnd(24, NOON_HOUR))
    assert (state.done, on_looked(state, None).phase) == (24, Phase.DECIDE)


def test_nothing_counts_as_lost_that_a_late_object_holds() -> None:
    state = on_fenced(fencing(), Footer(SHORT_ID, 0, 20, 24))
    state = on_looked(on_listed(state, ChainEnd(24, NOON_HOUR)), None)
    state = on_looked(fenced_through(on_decided(state, is_created=True)), None)
    assert (state.phase, state.done, state.lost) == (Phase.DONE, 25, 1)


def test_of_a_chain_that_never_began_nothing_is_known_to_be_lost() -> None:
    state = on_decided(on_looked(listed(500, last=None), None), is_created=True)
    state = on_looked(fenced_through(state), None)
    assert (state.phase, state.done, state.lost) == (Phase.DONE, 500, 0)


def test_two_jumps_behind_each_other_are_both_followed_and_counted() -> None:
    state = fenced_through(on_looked(listed(40), decision(20, 30)))
    state = on_looked(state, None)
    assert state.phase is Phase.DECIDE
    assert state.decision == decision(30, 40)
    state = on_looked(fenced_through(on_decided(state, is_created=True)), None)
    assert (state.phase, state.done, state.lost) == (Phase.DONE, 40, 20)
