"""Lists of alerts: newest first, in pages, by filters, and fast however many there are."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event

from services.reports.report import Location
from services.website.database import reading
from services.website.queries import (
    PAGE_ROWS_MAX,
    Area,
    Filters,
    StoredAlert,
    alert_at,
    last_seq,
    later,
    newest,
    of_report,
)
from services.website.storing import store
from services.website.upgrading import upgrade
from tests.website.databases import opened
from tests.website.samples import FIRST_TIME, row, rows

FIRST_MS = int(FIRST_TIME.timestamp() * 1000)
MANY = 2_000


def found(engine: Engine, **filters: Any) -> set[str]:
    """Subjects of the alerts that the filters choose."""
    with reading(engine) as connection:
        return {each.subject for each in newest(connection, Filters(**filters))}


def test_pages_go_from_newest_to_oldest_and_lose_none(engine: Engine) -> None:
    store(engine, rows(23))
    seen: list[StoredAlert] = []
    with reading(engine) as connection:
        while page := newest(connection, before=seen[-1].seq if seen else None, rows=5):
            seen += page
    assert [each.subject for each in seen] == [f"Citizen {n}" for n in reversed(range(23))]


def test_what_is_stored_meanwhile_moves_no_page(engine: Engine) -> None:
    store(engine, rows(10))
    with reading(engine) as connection:
        first = newest(connection, rows=5)
    store(engine, rows(10, first=10))
    with reading(engine) as connection:
        second = newest(connection, before=first[-1].seq, rows=5)
    assert [each.subject for each in second] == [f"Citizen {n}" for n in (4, 3, 2, 1, 0)]


def test_alerts_of_a_time_come_by_when_they_were_seen_in_pages_that_lose_none(
    engine: Engine,
) -> None:
    # Stored in another order, some at one time.
    store(engine, [row(n, time=FIRST_TIME + timedelta(seconds=n * 7 % 23 // 2)) for n in range(23)])
    of_a_time, seen = Filters(from_ms=FIRST_MS + 1_000), list[StoredAlert]()
    with reading(engine) as connection:
        while page := newest(connection, of_a_time, seen[-1].seq if seen else None, rows=5):
            seen += page
    assert len(seen) == 21
    places = [(each.time_ms, each.seq) for each in seen]
    assert places == sorted(set(places), reverse=True)


def test_a_browser_that_was_away_continues_from_its_last(engine: Engine) -> None:
    store(engine, rows(10))
    with reading(engine) as connection:
        last = last_seq(connection)
    store(engine, rows(20))
    with reading(engine) as connection:
        assert [e.subject for e in later(connection, last)] == [
            f"Citizen {n}" for n in range(10, 20)
        ]


def test_a_page_has_an_end_whatever_is_asked(engine: Engine) -> None:
    store(engine, rows(PAGE_ROWS_MAX + 1))
    with reading(engine) as connection:
        assert len(newest(connection, rows=10**9)) == PAGE_ROWS_MAX


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"kind": "violation"}, {"999"}),
        ({"drone_id": "drone-2"}, {"Citizen 2"}),
        ({"state": "new"}, {"Citizen 1", "Citizen 2", "Citizen 3", "999"}),
        ({"state": "closed"}, set()),
        ({"from_ms": FIRST_MS + 2000, "until_ms": FIRST_MS + 3000}, {"Citizen 2"}),
        ({"area": Area(40.6, -74.0, 40.6025, -73.9)}, {"Citizen 1", "Citizen 2"}),
        ({"area": Area(40.6, -73.9, 40.6025, -74.0)}, set()),
        ({"area": Area(-60.0, 170.0, -40.0, -170.0)}, {"999"}),
        ({"text": "UNION peace"}, {"Citizen 1", "Citizen 2", "Citizen 3"}),
        ({"text": "union absent"}, set()),
        ({"text": "100%"}, {"999"}),
        ({"text": "1_0"}, set()),
        ({"text": "%"}, {"999"}),
        ({"text": "straße"}, {"999"}),
        ({"text": "999"}, {"999"}),
        ({"text": "' OR 1=1 --"}, set()),
        ({"text": "citizen"}, set()),
        ({"text": "citizen 2", "is_name_searched": True}, {"Citizen 2"}),
    ],
)
def test_filters_choose(engine: Engine, filters: dict[str, Any], expected: set[str]) -> None:
    far = Location(-50.0, 179.0, "Straße, 100% full")
    store(engine, [*rows(3, first=1), row(4, kind="violation", subject="999", location=far)])
    assert found(engine, **filters) == expected


def test_alerts_of_one_report_are_found_together(engine: Engine) -> None:
    second = row(1, alert_id="drone-1-0000001-agitation-1", subject="Citizen X")
    store(engine, [*rows(3), second])
    with reading(engine) as connection:
        together = of_report(connection, "drone-1-0000001")
        assert [each.subject for each in together] == ["Citizen 1", "Citizen X"]
        assert alert_at(connection, together[1].seq) == together[1]
        assert alert_at(connection, 10**6) is None


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """SQLite with many alerts; without statistics its plans are the same for any number."""
    folder: Path = tmp_path_factory.mktemp("crowded")
    with opened(str(folder / "website.sqlite")) as engine:
        upgrade(engine)
        for first in range(0, MANY, 500):
            store(engine, rows(500, first))
        yield engine


BOUNDED = ("SEARCH alerts USING", "USE TEMP B-TREE", "SCALAR SUBQUERY")
FILTERS = [
    Filters(),
    Filters(kind="agitation"),
    Filters(kind="maintenance"),
    Filters(drone_id="drone-3"),
    Filters(state="closed"),
    Filters(from_ms=FIRST_MS, until_ms=FIRST_MS + 60_000),
    Filters(until_ms=FIRST_MS + 60_000),
    Filters(kind="agitation", drone_id="drone-3", from_ms=FIRST_MS),
]


@pytest.mark.parametrize("filters", FILTERS, ids=str)
@pytest.mark.parametrize("before", [None, MANY // 2])
def test_no_page_reads_all_alerts(crowded: Engine, filters: Filters, before: int | None) -> None:
    with reading(crowded) as connection:
        plan = _plan(connection, filters, before)
    assert plan
    assert all(step.startswith(BOUNDED) for step in plan) or (
        # Newest first along the key itself, until the page is full.
        plan == ["SCAN alerts"] and filters == Filters() and before is None
    )


@pytest.mark.parametrize("before", [None, MANY // 2])
def test_a_page_of_a_time_sorts_nothing(crowded: Engine, before: int | None) -> None:
    with reading(crowded) as connection:
        plan = _plan(connection, Filters(until_ms=FIRST_MS + 60_000), before)
    assert plan[0].startswith("SEARCH alerts USING INDEX alerts_by_time")
    assert not any(step.startswith("USE TEMP B-TREE") for step in plan)


def _plan(connection: Connection, filters: Filters, before: int | None) -> list[str]:
    """What SQLite says that it does for this page."""
    asked: list[tuple[str, Any]] = []
    listen = (connection, "before_cursor_execute", lambda *a: asked.append((a[2], a[3])))
    event.listen(*listen)
    newest(connection, filters, before)
    event.remove(*listen)
    statement, values = asked[-1]
    explained = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
    return [row.detail for row in explained]
