"""The website as people use it: a real server on a port of its own, with users and alerts."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import uvicorn
from argon2 import PasswordHasher
from sqlalchemy import Engine, insert

from local.ports import free_port
from local.visitor import form_token
from services.reports.alert import Alert, Detail
from services.reports.report import Location, Telemetry
from services.runtime.clock import now_ms
from services.website.app import create_app
from services.website.database import writing
from services.website.outline import Outline
from services.website.results import ResultsFolder
from services.website.rows import row_of
from services.website.schema import Role, users
from services.website.site import Site
from services.website.storing import store

SESSION_KEY = b"k" * 32
PASSWORD = "correct horse battery staple"
# Fast: what these tests prove does not hang on how slow a password is to check.
HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
NAME = "Zoe Quill"
UTC_TIME = datetime(2026, 3, 9, 14, 30, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Served:
    """A website that runs, and the database behind it."""

    address: str
    engine: Engine

    def store(self, *alerts: Alert) -> None:
        rows = [row for alert in alerts if isinstance(row := row_of(alert, now_ms(), None), dict)]
        assert store(self.engine, rows) == len(alerts)

    @contextmanager
    def signed_in(self, name: str) -> Iterator[httpx.Client]:
        """A browser without scripts, signed in."""
        with httpx.Client(base_url=self.address, timeout=30) as client:
            assert sign_in(client, name).headers["location"] == "/alerts"
            yield client


def agitation(number: int, name: str = NAME, words: tuple[str, ...] = ("help",)) -> Alert:
    return an_alert(number, "agitation", name, words)


def violation(number: int, code: str = "14") -> Alert:
    return an_alert(number, "violation", code, ())


def an_alert(number: int, kind: str, subject: str, words: tuple[str, ...]) -> Alert:
    report_id = f"drone-{number % 3}-{number}"
    location = Location(40.7 + number / 10_000, -74.0 - number / 10_000, f"{number} Main Street")
    telemetry = Telemetry(0.5, 40.0, 0.1, 100.0, -60.0)
    return Alert(
        alert_id=f"{report_id}-{kind}-0",
        kind="violation" if kind == "violation" else "agitation",
        report_id=report_id,
        drone_id=f"drone-{number % 3}",
        time=UTC_TIME,
        subject=subject,
        location=location,
        detail=Detail(words, location.place, telemetry),
    )


def add_user(engine: Engine, name: str, role: Role) -> None:
    with writing(engine) as connection:
        connection.execute(
            insert(users).values(name=name, role=role, password_hash=HASH, created_at_ms=now_ms())
        )


@contextmanager
def served(
    engine: Engine, results: Path, port: int | None = None, outline: Outline = ()
) -> Iterator[Served]:
    """A server until the end of the block."""
    site = Site(engine, ResultsFolder(results), SESSION_KEY, now_ms, outline=outline)
    app = create_app(site)
    port = port or free_port()
    config = uvicorn.Config(app, "127.0.0.1", port, log_level="warning", lifespan="on")
    config.timeout_graceful_shutdown = 2
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, name="website")
    thread.start()
    try:
        await_start(server, thread)
        yield Served(f"http://127.0.0.1:{port}", engine)
    finally:
        server.should_exit = True
        thread.join(20)
    assert not thread.is_alive()


def await_start(server: uvicorn.Server, thread: threading.Thread) -> None:
    deadline = time.monotonic() + 60
    while not server.started:
        assert thread.is_alive() and time.monotonic() < deadline
        time.sleep(0.02)


def sign_in(client: httpx.Client, name: str, password: str = PASSWORD) -> httpx.Response:
    form = {"name": name, "password": password, "csrf": token_in(client.get("/login"))}
    return client.post("/login", data=form)


def token_in(answer: httpx.Response) -> str:
    """The CSRF token of the first form on a page."""
    token = form_token(answer.text)
    assert token
    return token
