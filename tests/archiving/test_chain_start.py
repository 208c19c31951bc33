"""A chain's start on a store: what is listed, decided, fenced and counted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka.structs import OffsetAndMetadata
from prometheus_client import REGISTRY

from services.archiving.chain_start import advance, archived_end, marked_end, report_jump
from services.archiving.empty_object import empty_object
from services.archiving.footer import Footer, UnreadableObjectError, footer_of
from services.archiving.naming import (
    DECISIONS_FOLDER,
    REPORTS_FOLDER,
    ObjectStart,
    decision_name,
    object_name,
)
from services.archiving.recovery import ChainEnd, Phase, Recovery, recovery
from services.archiving.store import StoreRefusalError, StoreUnavailableError
from services.archiving.timeline import Timeline
from tests.archiving.records import NOON_HOUR, SHORT_ID, TOPIC_ID, object_of, records
from tests.archiving.scripted import ScriptedStore

NOW_HOUR = NOON_HOUR + 1
FIRST = Timeline(TOPIC_ID)
SECOND = Timeline(TOPIC_ID, 1, 400)


def store_of(*runs: tuple[int, int, int], partition: int = 0) -> ScriptedStore:
    """A store with an object for each (first offset, last offset, hours later)."""
    objects = [object_of(records(*run), partition) for run in runs]
    return ScriptedStore({finished.name: finished.content for finished in objects})


def begun(log_start: int, marked: int | None = None) -> Recovery:
    return recovery(SHORT_ID, 0, log_start, marked, NOW_HOUR)


def recovered(store: ScriptedStore, state: Recovery) -> Recovery:
    while state.phase is not Phase.DONE:
        state = advance(store, state)
    return state


def footers(store: ScriptedStore, folder: str) -> list[Footer]:
    return [footer_of(store.objects[name]) for name in store.names(folder)]


@pytest.mark.parametrize(
    ("mark", "end"),
    [
        (FIRST.mark, 20),
        (Timeline("f" * 32).mark, None),
        (SECOND.mark, None),
        ("", None),
        (FIRST.mark + "0", None),
    ],
)
def test_only_a_commit_with_our_mark_is_the_end_of_an_object(mark: str, end: int | None) -> None:
    assert marked_end(OffsetAndMetadata(20, mark, -1), FIRST) == end


def test_no_commit_is_no_objects_end() -> None:
    assert marked_end(None, FIRST) is None


@pytest.mark.parametrize("committed", [None, OffsetAndMetadata(900, FIRST.mark, -1)])
def test_a_later_timeline_without_a_commit_of_its_own_begins_where_it_was_put(
    committed: OffsetAndMetadata | None,
) -> None:
    assert marked_end(committed, SECOND) == 400
    assert marked_end(OffsetAndMetadata(450, SECOND.mark, -1), SECOND) == 450


@pytest.mark.parametrize(
    ("runs", "end"),
    [
        ([], None),
        ([(0, 9, 0)], ChainEnd(10, NOON_HOUR)),
        ([(0, 9, 0), (10, 14, 0), (15, 19, 1)], ChainEnd(20, NOON_HOUR + 1)),
        # 24 hours later is another folder: the newest decides.
        ([(0, 9, 0), (10, 14, 24)], ChainEnd(15, NOON_HOUR + 24)),
        # A clock that went back over midnight: the day before has the last object.
        ([(0, 9, 24), (10, 14, 0)], ChainEnd(15, NOON_HOUR)),
    ],
)
def test_the_chains_end_is_that_of_its_last_object(
    runs: list[tuple[int, int, int]], end: ChainEnd | None
) -> None:
    assert archived_end(store_of(*runs), SHORT_ID, 0) == end


def test_objects_of_others_say_nothing_about_ours() -> None:
    store = store_of((0, 9, 0), partition=1)
    store.objects["reports/date=2026-03-02/hour=12/_SUCCESS"] = b""
    store.objects["reports/readme"] = b""
    assert archived_end(store, SHORT_ID, 0) is None
    assert archived_end(store, "f" * 8, 1) is None


def test_fences_are_no_data_objects() -> None:
    store = store_of((0, 9, 0))
    recovered(store, begun(25))
    assert archived_end(store, SHORT_ID, 0) == ChainEnd(10, NOON_HOUR)


def test_an_unreadable_last_object_is_not_passed_over() -> None:
    store = store_of((0, 9, 0), (10, 19, 0))
    store.objects[object_of(records(10, 19)).name] = b"garbage"
    with pytest.raises(UnreadableObjectError):
        archived_end(store, SHORT_ID, 0)


@pytest.mark.parametrize(
    ("runs", "marked", "log_start", "start", "lost"),
    [
        # Nothing known: from the log's start, and nothing is known to be lost.
        ([], None, 0, 0, 0),
        ([], None, 500, 500, 0),
        # After the last object, or at the log's start if that is later.
        ([(0, 9, 0)], None, 0, 10, 0),
        ([(0, 9, 0)], None, 10, 10, 0),
        ([(0, 9, 0)], None, 25, 25, 15),
        # Our own mark is an object's end, too, though the log has moved on.
        ([], 20, 25, 25, 5),
        ([(0, 9, 0)], 20, 25, 25, 5),
        ([(0, 29, 0)], 20, 25, 30, 0),
        # A mark that the log still has is trusted: nothing is listed.
        ([(0, 29, 0)], 20, 20, 20, 0),
    ],
)
def test_the_start_is_found_and_what_is_lost_known(
    runs: list[tuple[int, int, int]], marked: int | None, log_start: int, start: int, lost: int
) -> None:
    state = recovered(store_of(*runs), begun(log_start, marked))
    assert (state.done, state.lost) == (start, lost)


def test_a_start_that_does_not_jump_puts_nothing() -> None:
    store = store_of((0, 9, 0))
    recovered(store, begun(5))
    recovered(store, begun(0, 10))
    assert store.put_names == []


def test_a_jump_is_decided_before_any_name_is_closed_and_then_all_are() -> None:
    store = store_of((0, 9, 0))
    state = recovered(store, begun(25))
    closed = [object_name(ObjectStart(SHORT_ID, 0, 10, hour)) for hour in state.hours]
    assert store.put_names == [decision_name(SHORT_ID, 0, 10), *closed]
    assert {(f.begin, f.end, f.kind) for f in footers(store, REPORTS_FOLDER)} == {
        (0, 10, "records"),
        (10, 25, "fence"),
    }


def test_a_zombies_next_object_is_refused_in_whatever_hour_and_finds_the_way() -> None:
    store = store_of((0, 9, 0))
    recovered(store, begun(25))
    late = object_of(records(10, 19, hours_later=1))
    assert not store.put_new(late.name, late.content)
    assert footer_of(store.objects[late.name]).end == 25


@pytest.mark.parametrize("log_starts", [(25, 40), (40, 25)])
def test_whoever_comes_second_follows_the_first_ones_decision(
    log_starts: tuple[int, int],
) -> None:
    store = store_of((0, 9, 0))
    first = recovered(store, begun(log_starts[0]))
    second = recovered(store, begun(log_starts[1]))
    assert (first.done, second.done) == (log_starts[0], max(log_starts))
    assert len(footers(store, DECISIONS_FOLDER)) == (2 if log_starts[1] > log_starts[0] else 1)


def test_a_late_object_that_was_put_before_its_fence_is_followed() -> None:
    store = store_of((0, 9, 0))
    state = advance(store, advance(store, advance(store, begun(25))))
    assert state.phase is Phase.FENCE
    late = object_of(records(10, 19))
    store.objects[late.name] = late.content
    state = recovered(store, state)
    assert (state.done, state.lost) == (25, 5)
    assert {f.begin for f in footers(store, DECISIONS_FOLDER)} == {10, 20}


@given(st.integers(0, 12))
def test_a_member_that_dies_half_way_leaves_a_way_that_its_heir_ends(steps: int) -> None:
    store = store_of((0, 9, 0))
    state = begun(25)
    for _ in range(steps):
        if state.phase is not Phase.DONE:
            state = advance(store, state)
    assert recovered(store, begun(30)).done == 30
    assert recovered(store, begun(25)).done == 30


@pytest.mark.parametrize("error", [StoreUnavailableError("away"), StoreRefusalError("no right to")])
def test_a_step_that_the_store_does_not_answer_is_tried_again(error: Exception) -> None:
    store = store_of((0, 9, 0))
    state = advance(store, begun(25))
    store.tails = [error]
    with pytest.raises(type(error)):
        advance(store, state)
    assert recovered(store, state).done == 25


def test_a_put_whose_answer_got_lost_is_found_when_it_is_tried_again() -> None:
    store = store_of((0, 9, 0))
    state = advance(store, advance(store, begun(25)))
    assert state.phase is Phase.DECIDE

    def put_but_no_answer() -> bool:
        store.objects[decision_name(SHORT_ID, 0, 10)] = empty_object(state.decision)
        raise StoreUnavailableError("no answer")

    store.puts = [put_but_no_answer]
    with pytest.raises(StoreUnavailableError):
        advance(store, state)
    assert recovered(store, state).done == 25


def test_a_decision_that_cannot_be_read_is_not_passed_over() -> None:
    store = store_of((0, 9, 0))
    store.objects[decision_name(SHORT_ID, 0, 10)] = b"garbage"
    with pytest.raises(UnreadableObjectError, match=DECISIONS_FOLDER):
        recovered(store, begun(25))
    with pytest.raises(UnreadableObjectError, match=DECISIONS_FOLDER):
        recovered(store, begun(0, 10))


def test_what_was_jumped_over_is_counted() -> None:
    def counted() -> float:
        return REGISTRY.get_sample_value("dronewatch_archiving_lost_offsets_total") or 0.0

    before = counted()
    report_jump(recovered(store_of((0, 9, 0)), begun(25)))
    assert counted() - before == 15
