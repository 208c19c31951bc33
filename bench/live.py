"""Bench: from an alert's hand-over to Kafka to its row in every open page of the website.

The peer: the least that brings a record from Kafka to as many event streams (bench.bare_pages).
"""

import os
import secrets
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench.arriving import SHAPE, made_alerts, send_alerts
from bench.browser_pages import browser_pages
from bench.meter import Cost, Meter
from bench.open_pages import Seen, open_pages
from bench.storing import new_database
from bench.tables import Row, Table, ratio
from local.figures import percentile
from local.kafka import running_kafka
from local.ports import free_port, is_listening
from local.postgres import running_postgres
from local.processes import Child, Goal, await_until, running, start
from local.progress import announce
from local.visitor import signed_in
from local.website import DATABASE, Login, running_website
from services.stream.connection import KafkaConnection
from services.stream.topics import create_topics
from services.website.database import database_engine, database_url, writing
from services.website.schema import Role
from services.website.users import add_user

IN_BROWSER = 2
WARM_UP_SECONDS = 5
SERVING = Goal("the peer should serve its pages", 60.0)
OPEN = Goal("all pages should be open", 60.0)
SHOWN = Goal("all pages should show all alerts", 30.0)
COOKIE = "dronewatch"
HOW = (
    "From just before an alert's send to when a page has it, whole: an event stream's last byte, or"
    " in Chromium the end of the frame that shows its row. All pages and alerts together; clocks"
    " are one machine's, in whole milliseconds at the beginning.",
    f"The first {WARM_UP_SECONDS} s do not count. Every page is another user's, every second one an"
    " operator's; every alert has a citizen's name, so each operator's reading of it is written"
    " down. SQLite waits for the disk at each commit; PostgreSQL runs with fsync off.",
    "CPU: of one core, of the website's process; memory: its peak. Browser, pages, broker and"
    " website share the machine's cores. Target: p99 below 300 ms.",
)


@dataclass(frozen=True, slots=True)
class Plan:
    """Alerts a second for so many seconds, to so many pages."""

    pages: int
    seconds: int
    rate: int

    @property
    def alerts(self) -> int:
        """In all, those of the warm-up too."""
        return self.rate * (WARM_UP_SECONDS + self.seconds)


@dataclass(frozen=True, slots=True)
class Shown:
    """How long each alert took to each page, in microseconds, and what that cost."""

    streams: Sequence[int]
    drawn: Sequence[int]
    cost: Cost


def live_table(folder: Path, plan: Plan) -> Table:
    """Ours with each kind of database, in streams and in a browser, and the peer's."""
    announce(f"website: {plan.rate} alerts/s to {plan.pages} pages for {plan.seconds} s, thrice")
    load = f"Load of the machine before: {os.getloadavg()[0]:.1f}."
    with running_kafka(folder / "kafka") as server, running_postgres() as postgres:
        create_topics(server.connection, [SHAPE])
        databases = {
            "SQLite": str(folder / DATABASE),
            "PostgreSQL": new_database(postgres, "live"),
        }
        ours = {
            kind: website_shown(server.connection, folder, plan, database)
            for kind, database in databases.items()
        }
        peer = peer_shown(server.connection, folder, plan)
    title = f"website: {plan.rate} alerts/s on the topic to {plan.pages} open pages"
    return Table(title, (*HOW, load), live_rows(ours, peer, plan))


def live_rows(ours: Mapping[str, Shown], peer: Shown, plan: Plan) -> tuple[Row, ...]:
    """The website's streams and browser pages, by its kind of database; the peer's streams."""
    others = _figures(peer.streams)
    return (
        *(row for kind, shown in ours.items() for row in _own_rows(kind, shown, others, plan)),
        {"what": "bare broadcaster", **others, **_cost(peer, plan)},
    )


def _own_rows(kind: str, shown: Shown, others: Mapping[str, float], plan: Plan) -> tuple[Row, Row]:
    own = _figures(shown.streams)
    ratios = {f"ratio {name}": ratio(own[name], others[name]) for name in ("p50 ms", "p99 ms")}
    streams = f"{plan.pages - IN_BROWSER} event streams, {kind} (ours)"
    return (
        {"what": streams, **own, **_cost(shown, plan), **ratios},
        {"what": f"{IN_BROWSER} pages in Chromium, {kind} (ours)", **_figures(shown.drawn)},
    )


def website_shown(connection: KafkaConnection, folder: Path, plan: Plan, database: str) -> Shown:
    """With the real command, and people signed in through its form."""
    served = running_website(connection, folder, free_port(), database)
    with served as website, ExitStack() as stack:
        people = _people(database, plan.pages)
        cookies = [_cookie(website.address, person) for person in people]
        port = int(website.address.rpartition(":")[2])
        drawn = stack.enter_context(browser_pages(website.address, cookies[:IN_BROWSER]))
        pages = stack.enter_context(open_pages(port, "/alerts/stream", cookies[IN_BROWSER:]))
        await_until(lambda: pages.opened == len(pages.seen), [website.child], OPEN)
        return _shown(connection, plan, website.child, lambda: pages.seen, drawn)


def peer_shown(connection: KafkaConnection, folder: Path, plan: Plan) -> Shown:
    """To as many streams as ours had."""
    port = free_port()
    where = ["--kafka", connection.bootstrap_servers, "--topic", SHAPE.name, "--port", str(port)]
    command = [sys.executable, "-m", "bench.bare_pages", *where]
    with running(start("peer", command, folder / "peer.log")) as child:
        await_until(lambda: is_listening(port), [child], SERVING)
        with open_pages(port, "/stream", [""] * (plan.pages - IN_BROWSER)) as pages:
            await_until(lambda: pages.opened == len(pages.seen), [child], OPEN)
            return _shown(connection, plan, child, lambda: pages.seen, list)


def _shown(
    connection: KafkaConnection,
    plan: Plan,
    child: Child,
    streams: Callable[[], list[Seen]],
    drawn: Callable[[], list[Seen]],
) -> Shown:
    """Send the alerts, wait until all have shown."""
    meter = Meter(child.popen.pid)
    before = meter.sample()
    sent_ms = [*send_alerts(connection, SHAPE.name, made_alerts(plan.alerts), plan.rate).values()]
    cost = meter.sample().since(before)
    await_until(lambda: _are_whole([*streams(), *drawn()], plan.alerts), [child], SHOWN)
    counted = dict(list(enumerate(sent_ms))[plan.rate * WARM_UP_SECONDS :])
    return Shown(_delays(counted, streams()), _delays(counted, drawn()), cost)


def _are_whole(pages: Sequence[Seen], alerts: int) -> bool:
    return all(len(page) == alerts for page in pages)


def _delays(sent_ms: Mapping[int, int], pages: Sequence[Seen]) -> list[int]:
    return [page[number] - at_ms * 1000 for page in pages for number, at_ms in sent_ms.items()]


def _figures(delays_us: Sequence[int]) -> dict[str, float]:
    return {
        "p50 ms": percentile(delays_us, 0.5) / 1000,
        "p99 ms": percentile(delays_us, 0.99) / 1000,
        "max ms": max(delays_us) / 1000,
    }


def _cost(shown: Shown, plan: Plan) -> dict[str, float]:
    return {
        "CPU": shown.cost.cpu_seconds / (WARM_UP_SECONDS + plan.seconds),
        "peak MiB": shown.cost.peak_rss_bytes / 2**20,
    }


def _people(database: str, count: int) -> list[Login]:
    """Viewers and operators in turns."""
    people = [Login(f"person-{number}", secrets.token_hex(8)) for number in range(count)]
    engine = database_engine(database_url(database))
    for number, person in enumerate(people):
        with writing(engine) as connection:
            role: Role = "operator" if number % 2 else "viewer"
            add_user(connection, person.name, role, person.password)
    engine.dispose()
    return people


def _cookie(address: str, person: Login) -> str:
    with signed_in(address, person) as client:
        return f"{COOKIE}={client.cookies[COOKIE]}"
