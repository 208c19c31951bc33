"""What may be done about an alert, and what stays of it."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine

from services.website.database import reading, writing
from services.website.marks import ConflictError, put_mark
from services.website.queries import actions_of, alert_at, counts, newest
from services.website.schema import STATES
from services.website.states import ACTIONS, STEPS, Mark, actions_from, fault_of
from services.website.storing import store
from tests.website.samples import rows

NOW_MS = 1_763_700_100_000


def first_seq(engine: Engine) -> int:
    store(engine, rows(3))
    with reading(engine) as connection:
        return newest(connection)[-1].seq


def put(engine: Engine, seq: int, mark: Mark, user_name: str = "otto") -> None:
    with writing(engine) as connection:
        assert put_mark(connection, seq, mark, user_name, NOW_MS) is not None


@pytest.mark.parametrize("state", STATES)
def test_a_viewer_may_do_nothing(state: str) -> None:
    assert actions_from(state, "viewer") == ()  # type: ignore[arg-type]


def test_what_is_closed_stays_closed() -> None:
    assert actions_from("closed", "operator") == ()
    assert actions_from("new", "operator") == ACTIONS
    assert actions_from("assigned", "operator") == ("assign", "close")


@pytest.mark.parametrize(
    "mark",
    [
        Mark("close"),
        Mark("close", " \n"),
        Mark("assign", "please"),
        Mark("acknowledge", assignee="otto"),
        Mark("acknowledge", "n" * 2_001),
        Mark("assign", assignee="o" * 129),
    ],
)
def test_a_mark_that_says_too_little_or_too_much_is_refused(mark: Mark) -> None:
    assert fault_of(mark)


def test_what_was_done_is_kept_with_who_and_when(engine: Engine) -> None:
    seq = first_seq(engine)
    put(engine, seq, Mark("acknowledge", "I see it"))
    put(engine, seq, Mark("assign", assignee="olga"), "oskar")
    put(engine, seq, Mark("close", "All went home"), "olga")
    with reading(engine) as connection:
        done = actions_of(connection, seq)
        alert = alert_at(connection, seq)
        assert counts(connection) == {"new": 2, "acknowledged": 0, "assigned": 0, "closed": 1}
    assert [(a.user_name, a.action, a.state, a.note, a.at_ms) for a in done] == [
        ("otto", "acknowledge", "acknowledged", "I see it", NOW_MS),
        ("oskar", "assign", "assigned", "", NOW_MS),
        ("olga", "close", "closed", "All went home", NOW_MS),
    ]
    assert alert is not None
    assert (alert.state, alert.assignee) == ("closed", "olga")


@pytest.mark.parametrize("action", sorted(STEPS))
def test_nothing_is_done_about_what_is_closed(engine: Engine, action: str) -> None:
    seq = first_seq(engine)
    put(engine, seq, Mark("close", "done"))
    with pytest.raises(ConflictError, match="already closed"):
        put(engine, seq, Mark(action, "again", "otto"))  # type: ignore[arg-type]


def test_an_alert_that_is_not_there_cannot_be_marked(engine: Engine) -> None:
    with writing(engine) as connection:
        assert put_mark(connection, 12, Mark("acknowledge"), "otto", NOW_MS) is None


def test_of_several_who_acknowledge_at_once_one_does(engine: Engine) -> None:
    seq = first_seq(engine)
    with ThreadPoolExecutor(4) as people:
        tried = [people.submit(put, engine, seq, Mark("acknowledge"), f"o{n}") for n in range(4)]
        failures = [each.exception() for each in tried]
    assert sorted(type(failure).__name__ for failure in failures) == [
        *["ConflictError"] * 3,
        "NoneType",
    ]
    with reading(engine) as connection:
        assert len(actions_of(connection, seq)) == 1
        assert counts(connection)["acknowledged"] == 1
