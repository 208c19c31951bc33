"""An alert id is stored once, and alerts become visible in the order of their seq."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from services.reports.alert import Alert
from services.reports.codec import Rejection, decoded_alert, encoded
from services.website.database import reading
from services.website.queries import StoredAlert, counts, later, newest
from services.website.rows import row_of
from services.website.storing import store
from tests.website.databases import opened
from tests.website.samples import STORED_AT_MS, alert, row, rows


def every(engine: Engine) -> list[StoredAlert]:
    with reading(engine) as connection:
        return newest(connection, rows=500)


def test_an_alert_is_read_back_as_its_report_said(engine: Engine) -> None:
    store(engine, [row(3)])
    [stored] = every(engine)
    sent = alert(3)
    assert (stored.alert_id, stored.kind, stored.subject) == (
        sent.alert_id,
        "agitation",
        "Citizen 3",
    )
    assert (stored.latitude, stored.longitude) == (40.603, -73.997)
    assert stored.time_ms == sent.time.timestamp() * 1000
    assert (stored.stored_at_ms, stored.detected_at_ms) == (STORED_AT_MS, STORED_AT_MS - 20)
    assert stored.detail["words"] == ["peace", "now"]
    assert stored.detail["telemetry"]["battery"] == 0.8
    assert stored.state == "new"


def test_an_alert_read_again_is_stored_once(engine: Engine) -> None:
    assert store(engine, rows(10)) == 10
    assert store(engine, rows(15)) == 5
    assert store(engine, [row(20), row(20)]) == 1
    assert len(every(engine)) == 16


def test_new_ones_are_counted_once(engine: Engine) -> None:
    store(engine, rows(10))
    store(engine, rows(10))
    with reading(engine) as connection:
        assert counts(connection)["new"] == 10


def test_of_a_batch_that_fails_nothing_is_stored(engine: Engine) -> None:
    with pytest.raises(SQLAlchemyError):
        store(engine, [row(1), {**row(2), "state": "lost"}])
    assert every(engine) == []


def test_replicas_that_store_the_same_alerts_store_each_once(place: str, engine: Engine) -> None:
    def replica(first: int) -> int:
        with opened(place) as own:
            return sum(store(own, rows(20, first + 10 * batch)) for batch in range(10))

    with ThreadPoolExecutor(4) as replicas:
        stored = sum(replicas.map(replica, (0, 0, 5, 50)))
    assert stored == len({each.alert_id for each in every(engine)}) == 160


def test_who_follows_the_last_seq_misses_none_of_any_replica(place: str, engine: Engine) -> None:
    """Batches of several writers, of very different sizes, while a reader asks for what is new."""
    is_over = threading.Event()

    def follow() -> list[str]:
        seen: list[StoredAlert] = []
        while True:
            was_over = is_over.is_set()
            with reading(engine) as connection:
                more = later(connection, seen[-1].seq if seen else 0)
            seen += more
            if was_over and not more:
                return [each.alert_id for each in seen]

    def replica(number: int) -> None:
        with opened(place) as own:
            for batch in range(30):
                size = 1 + 40 * ((batch + number) % 2)
                store(own, rows(size, number * 10_000 + batch * 100))

    with ThreadPoolExecutor(4) as threads:
        following = threads.submit(follow)
        list(threads.map(replica, range(3)))
        is_over.set()
        seen = following.result()
    assert len(seen) == len(set(seen)) == 3 * 15 * 42


def test_text_that_postgresql_cannot_hold_does_not_stop_the_others(engine: Engine) -> None:
    strange = {"subject": "J\0o", "drone_id": "d\0", "report_id": "\0"}
    assert store(engine, [row(1, **strange), row(2)]) == 2
    assert every(engine)[1].subject == "J\N{REPLACEMENT CHARACTER}o"


@pytest.mark.parametrize(
    "changes",
    [
        {"drone_id": "d" * 129},
        {"report_id": "r" * 129},
    ],
)
def test_ids_that_are_none_of_ours_are_refused(changes: dict[str, str]) -> None:
    assert isinstance(row_of(alert(1, **changes), 0, 0), Rejection)


TEXTS = st.text(max_size=300)
ALERTS = st.builds(
    Alert,
    alert_id=st.text("abc-019:/%' \"", min_size=1, max_size=256),
    kind=st.sampled_from(["violation", "agitation", "maintenance"]),
    report_id=TEXTS.map(lambda text: text[:128]),
    drone_id=TEXTS.map(lambda text: text[:128]),
    time=st.datetimes(timezones=st.just(alert().time.tzinfo)),
    subject=TEXTS,
)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
)
@given(st.lists(ALERTS, max_size=5))
def test_whatever_is_an_alert_can_be_stored(engine: Engine, sent: list[Alert]) -> None:
    read = [decoded_alert(encoded(each)) for each in sent]
    made = [row_of(each, 1, 1) for each in read if not isinstance(each, Rejection)]
    sound = [each for each in made if not isinstance(each, Rejection)]
    store(engine, sound)
    assert {each["alert_id"] for each in sound} <= _ids(engine)


def _ids(engine: Engine) -> set[str]:
    return {each.alert_id for each in every(engine)}
