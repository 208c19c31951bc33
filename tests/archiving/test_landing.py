"""Getting an object into the store, however the store answers."""

import threading

import pytest

from services.archiving.footer import UnreadableObjectError
from services.archiving.landing import GivenUpError, land, standing_last_offset
from services.archiving.store import StoreRefusalError, StoreUnavailableError
from tests.archiving.records import object_of, records, start_of
from tests.archiving.scripted import ScriptedStore

OURS = object_of(records(10, 19))
LONGER = object_of(records(10, 29))
SHORTER = object_of(records(10, 12))
AWAY = StoreUnavailableError("no answer")


class Patience(threading.Event):
    """An event that never waits, so that backing off takes no time; set after some waits."""

    def __init__(self, waits: int = 10) -> None:
        super().__init__()
        self.waits = waits
        self.waited_seconds = 0.0

    def wait(self, timeout: float | None = None) -> bool:
        self.waits -= 1
        self.waited_seconds += timeout or 0.0
        if self.waits <= 0:
            self.set()
        return self.is_set()


def test_a_free_name_takes_the_object() -> None:
    store = ScriptedStore()
    assert land(store, OURS, Patience()) == 19
    assert store.objects == {OURS.name: OURS.content}


@pytest.mark.parametrize(("standing", "last_offset"), [(LONGER, 29), (SHORTER, 12), (OURS, 19)])
def test_an_object_that_stands_is_read_and_not_touched(standing, last_offset) -> None:
    store = ScriptedStore({OURS.name: standing.content})
    assert land(store, OURS, Patience()) == last_offset
    assert store.objects == {OURS.name: standing.content}


def test_a_412_followed_by_a_404_is_put_again() -> None:
    store = ScriptedStore(puts=[False], tails=[None])
    assert land(store, OURS, Patience()) == 19
    assert store.put_names == [OURS.name] * 2


@pytest.mark.parametrize("error", [AWAY, StoreRefusalError("no right to")])
def test_no_clear_answer_is_asked_for_again(error: Exception) -> None:
    store, patience = ScriptedStore(puts=[error, error]), Patience()
    assert land(store, OURS, patience) == 19
    assert len(store.put_names) == 3
    assert patience.waited_seconds > 0


def test_an_answer_that_got_lost_is_found_on_the_next_put() -> None:
    store = ScriptedStore()

    def put_but_no_answer() -> bool:
        store.objects[OURS.name] = OURS.content
        raise AWAY

    store.puts.append(put_but_no_answer)
    assert land(store, OURS, Patience()) == 19
    assert len(store.put_names) == 2


def test_a_412_whose_object_cannot_be_looked_at_now_is_asked_for_again() -> None:
    store = ScriptedStore({OURS.name: LONGER.content}, tails=[AWAY])
    assert land(store, OURS, Patience()) == 29


@pytest.mark.parametrize(
    "standing",
    [
        b"",
        b"garbage",
        OURS.content[:-20],
        object_of(records(10, 19), partition=1).content,
        object_of(records(9, 19)).content,
    ],
)
def test_what_cannot_be_read_is_never_guessed_at(standing: bytes) -> None:
    store = ScriptedStore({OURS.name: standing})
    with pytest.raises(UnreadableObjectError, match=OURS.name):
        land(store, OURS, Patience())
    assert store.objects == {OURS.name: standing}


def test_told_to_stop_it_gives_up() -> None:
    with pytest.raises(GivenUpError):
        land(ScriptedStore(puts=[AWAY] * 20), OURS, Patience(waits=3))


def test_told_to_stop_before_it_began_it_puts_nothing() -> None:
    stopped = threading.Event()
    stopped.set()
    store = ScriptedStore()
    with pytest.raises(GivenUpError):
        land(store, OURS, stopped)
    assert store.put_names == []


def test_a_footer_larger_than_the_first_look_is_read_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("services.archiving.landing.TAIL_BYTES", 64)
    store = ScriptedStore({OURS.name: OURS.content})
    assert standing_last_offset(store, start_of(records(10, 10)[0])) == 19


def test_nothing_stands_where_nothing_was_put() -> None:
    assert standing_last_offset(ScriptedStore(), start_of(records(10, 10)[0])) is None
