"""Live alerts as a browser gets them: each once, in order, whatever breaks between."""

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
from sqlalchemy import Engine, select

from local.ports import free_port
from services.website.database import reading
from services.website.live import CATCH_UP_MAX
from services.website.schema import audit
from tests.website.databases import opened
from tests.website.served import NAME, Served, add_user, agitation, served, token_in, violation

Event = tuple[str, int | None, object]


@contextmanager
def stream(
    client: httpx.Client, path: str = "/alerts/stream?after=0", last_id: str = ""
) -> Iterator[Iterator[Event]]:
    headers = {"Last-Event-ID": last_id} if last_id else {}
    with client.stream("GET", path, headers=headers, timeout=30) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield events(answer.iter_lines())


def events(lines: Iterator[str]) -> Iterator[Event]:
    fields: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        if line:
            fields[name] = value
        elif "data" in fields:
            seq = int(fields["id"]) if "id" in fields else None
            yield fields["event"], seq, json.loads(fields["data"])
            fields = {}


def alerts(found: Iterator[Event], count: int) -> list[tuple[int | None, str]]:
    kept = ((seq, str(content)) for name, seq, content in found if name == "alert")
    return [next(kept) for _ in range(count)]


def seqs(found: Iterator[Event], count: int) -> list[int | None]:
    return [seq for seq, _ in alerts(found, count)]


def test_what_is_stored_comes_to_an_open_page(site: Served) -> None:
    with site.signed_in("vera") as vera, stream(vera) as found:
        site.store(violation(1))
        assert seqs(found, 1) == [1]
        site.store(violation(2), violation(3))
        assert seqs(found, 2) == [2, 3]


def test_a_viewers_page_gets_no_name_an_operators_does_and_that_is_written_down(
    site: Served,
) -> None:
    with ExitStack() as stack:
        pages = [
            stack.enter_context(stream(stack.enter_context(site.signed_in(name))))
            for name in ("vera", "otto")
        ]
        assert [next(page)[0] for page in pages] == ["counts", "counts"]
        site.store(agitation(1))
        [(_, seen)], [(_, read)] = (alerts(page, 1) for page in pages)
    assert "Zoe" not in seen and "Quill" not in seen
    assert NAME in read
    with reading(site.engine) as connection:
        rows = connection.execute(select(audit)).all()
    assert [(row.user_name, row.through, row.name) for row in rows] == [("otto", "live", NAME)]


def test_a_browser_that_comes_back_goes_on_behind_its_last_id(site: Served) -> None:
    site.store(*(violation(number) for number in range(1, 6)))
    with site.signed_in("vera") as vera, stream(vera, last_id="3") as found:
        assert seqs(found, 2) == [4, 5]


def test_a_browser_away_for_long_is_told_to_load_the_page_again(site: Served) -> None:
    site.store(*(violation(number) for number in range(CATCH_UP_MAX + 1)))
    with site.signed_in("vera") as vera:
        with stream(vera) as found:
            assert next(found)[:2] == ("reload", CATCH_UP_MAX + 1)
        # An id of another database, which had more alerts.
        with stream(vera, last_id="999999") as found:
            assert next(found)[0] == "reload"


def test_a_filtered_page_gets_only_what_its_filter_leaves(site: Served) -> None:
    path = "/alerts/stream?after=0&kind=agitation"
    with site.signed_in("otto") as otto, stream(otto, path) as found:
        next(found)
        site.store(violation(1), agitation(2), violation(3))
        site.store(agitation(4))
        assert seqs(found, 2) == [2, 4]


def test_counts_come_with_what_others_do(site: Served) -> None:
    site.store(violation(1))
    with site.signed_in("otto") as otto, site.signed_in("vera") as vera, stream(vera) as found:
        form = {"csrf": token_in(otto.get("/alerts/1")), "action": "acknowledge"}
        otto.post("/alerts/1", data=form)
        counts = (content for name, _, content in found if name == "counts")
        assert any(
            dict(c) == {"new": 0, "acknowledged": 1, "assigned": 0, "closed": 0} for c in counts
        )


def test_every_page_gets_every_alert_once_while_they_are_stored(site: Served) -> None:
    def storing() -> None:
        for first in range(1, 201, 5):
            site.store(*(violation(number) for number in range(first, first + 5)))

    with ExitStack() as stack:
        clients = [stack.enter_context(site.signed_in("vera")) for _ in range(2)]
        thread = threading.Thread(target=storing)
        thread.start()
        found = [stack.enter_context(stream(client)) for client in clients for _ in range(3)]
        assert [seqs(each, 200) for each in found] == [list(range(1, 201))] * 6
        thread.join()


def test_another_replica_shows_what_this_one_stored(
    place: str, engine: Engine, tmp_path: Path
) -> None:
    add_user(engine, "vera", "viewer")
    with ExitStack() as stack:
        engines = [stack.enter_context(opened(place)) for _ in range(2)]
        one, other = (stack.enter_context(served(each, tmp_path)) for each in engines)
        vera = stack.enter_context(other.signed_in("vera"))
        found = stack.enter_context(stream(vera))
        next(found)
        one.store(violation(1))
        assert seqs(found, 1) == [1]
        # Signed in at one, known to all.
        cookie = {"Cookie": f"dronewatch={vera.cookies['dronewatch']}"}
        assert httpx.get(f"{one.address}/alerts", headers=cookie).status_code == 200


def test_a_server_that_stops_lets_its_pages_go_and_the_next_one_misses_nothing(
    sqlite_engine: Engine, tmp_path: Path
) -> None:
    add_user(sqlite_engine, "vera", "viewer")
    port = free_port()
    with ExitStack() as stack:
        with served(sqlite_engine, tmp_path, port) as first:
            vera = stack.enter_context(first.signed_in("vera"))
            found = stack.enter_context(stream(vera))
            first.store(violation(1))
            assert seqs(found, 1) == [1]
        first.store(violation(2))
        with served(sqlite_engine, tmp_path, port), stream(vera, last_id="1") as again:
            assert seqs(again, 1) == [2]
