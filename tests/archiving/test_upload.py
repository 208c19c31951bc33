"""Each command is one request to the store and one event, however the store answers."""

import pytest

from services.archiving.chain import (
    Absent,
    Created,
    Event,
    Found,
    Look,
    Put,
    Taken,
    Unclear,
    Unreadable,
)
from services.archiving.empty_object import empty_object
from services.archiving.footer import Footer
from services.archiving.store import BrokenAnswerError, StoreRefusalError, StoreUnavailableError
from services.archiving.upload import carry_out, existing_footer
from tests.archiving.records import SHORT_ID, object_of, records, start_of
from tests.archiving.scripted import ScriptedStore

OURS = object_of(records(10, 19))
LONGER = object_of(records(10, 29))
SHORTER = object_of(records(10, 12))
AWAY = StoreUnavailableError("no answer")
BROKEN = BrokenAnswerError("cut")
REFUSED = StoreRefusalError("no right to")
FENCE = Footer(SHORT_ID, 0, 10, 40, "fence", "retention")


def test_a_free_name_takes_the_object() -> None:
    store = ScriptedStore()
    assert carry_out(store, Put(OURS)) == Created()
    assert store.objects == {OURS.name: OURS.content}


def test_a_taken_name_is_not_touched() -> None:
    store = ScriptedStore({OURS.name: LONGER.content})
    assert carry_out(store, Put(OURS)) == Taken()
    assert store.objects == {OURS.name: LONGER.content}


@pytest.mark.parametrize("error", [AWAY, BROKEN, REFUSED])
def test_a_put_without_a_clear_answer_is_unclear_and_put_once(error: Exception) -> None:
    store = ScriptedStore(puts=[error])
    assert carry_out(store, Put(OURS)) == Unclear(str(error))
    assert store.put_names == [OURS.name]


@pytest.mark.parametrize("error", [AWAY, BROKEN, REFUSED])
def test_a_look_without_a_clear_answer_is_unclear(error: Exception) -> None:
    store = ScriptedStore({OURS.name: OURS.content}, tails=[error])
    assert carry_out(store, Look(OURS.start)) == Unclear(str(error))


@pytest.mark.parametrize(
    ("existing", "event"),
    [
        (None, Absent()),
        (OURS.content, Found(Footer(SHORT_ID, 0, 10, 20))),
        (LONGER.content, Found(Footer(SHORT_ID, 0, 10, 30))),
        (SHORTER.content, Found(Footer(SHORT_ID, 0, 10, 13))),
        (empty_object(FENCE), Found(FENCE)),
    ],
)
def test_a_look_finds_what_has_the_name(existing: bytes | None, event: Event) -> None:
    store = ScriptedStore({} if existing is None else {OURS.name: existing})
    assert carry_out(store, Look(OURS.start)) == event
    assert store.put_names == []


@pytest.mark.parametrize(
    "existing",
    [
        b"",
        b"garbage",
        OURS.content[:-20],
        object_of(records(10, 19), partition=1).content,
        object_of(records(9, 19)).content,
        empty_object(Footer("f" * 8, 0, 10, 40)),
        # An object that covers nothing would let the chain stand still for ever.
        empty_object(Footer(SHORT_ID, 0, 10, 10)),
        empty_object(Footer(SHORT_ID, 0, 10, 9)),
    ],
)
def test_what_cannot_be_read_or_is_of_another_chain_is_never_guessed_at(existing: bytes) -> None:
    store = ScriptedStore({OURS.name: existing})
    assert isinstance(carry_out(store, Look(OURS.start)), Unreadable)
    assert store.objects == {OURS.name: existing}


def test_an_unreadable_object_is_told_by_its_name() -> None:
    store = ScriptedStore({OURS.name: b"garbage"})
    event = carry_out(store, Look(OURS.start))
    assert isinstance(event, Unreadable)
    assert OURS.name in event.cause


def test_a_footer_larger_than_the_first_look_is_read_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("services.archiving.upload.TAIL_BYTES", 64)
    store = ScriptedStore({OURS.name: OURS.content})
    found = existing_footer(store, start_of(records(10, 10)[0]))
    assert found == Footer(SHORT_ID, 0, 10, 20)


def test_no_footer_is_found_where_nothing_was_put() -> None:
    assert existing_footer(ScriptedStore(), start_of(records(10, 10)[0])) is None
