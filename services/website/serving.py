"""The website's process: pages in the main thread, the alerts' consumer loop in another."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import click
import structlog
import uvicorn
from fastapi import FastAPI
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from services.runtime.health import Health
from services.website.failures import cause_of
from services.website.upgrading import NewerDatabaseError, upgrade

RETRY_SECONDS = 1.0
# Streams are told to end at once; a slow request has this long.
GRACE_SECONDS = 3

log = structlog.get_logger()


@dataclass(slots=True)
class SiteHealth(Health):
    """Ready is who answers pages: also while Kafka is away, what is stored can be read."""

    is_serving: bool = False

    def is_ready(self) -> bool:
        """Whether pages are served."""
        return self.is_serving


class PageServer(uvicorn.Server):
    """Says when it serves, and ends live lists first: they would never end by themselves."""

    def __init__(self, config: uvicorn.Config, health: SiteHealth, stop: threading.Event) -> None:
        super().__init__(config)
        self.health = health
        self.stop = stop

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Ready from now on."""
        await super().startup(sockets)
        self.health.is_serving = self.started

    async def main_loop(self) -> None:
        """Until a signal, or until the consumer loop ends."""
        ended = asyncio.create_task(asyncio.to_thread(self.stop.wait))
        ended.add_done_callback(self._exit)
        await super().main_loop()
        self.stop.set()
        await ended

    def _exit(self, _ended: asyncio.Task[bool]) -> None:
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Not ready, streams ended, then the rest."""
        self.health.is_serving = False
        app: FastAPI = self.config.app  # type: ignore[assignment]
        app.state.feed.stop()
        await super().shutdown(sockets)


def page_server(
    app: FastAPI, trusted_proxies: str, health: SiteHealth, stop: threading.Event
) -> PageServer:
    """`trusted_proxies`: addresses, separated by commas, whose X-Forwarded-* are believed."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(trusted_proxies),
        forwarded_allow_ips=trusted_proxies,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    return PageServer(config, health, stop)


def listening(host: str, port: int) -> socket.socket:
    """A socket that accepts connections. ClickException if the address is taken or not ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        message = f"cannot serve pages on {host}, port {port} ({error.strerror}): choose --port"
        raise click.ClickException(message) from error


def await_database(engine: Engine, health: Health, stop: threading.Event) -> bool:
    """Its tables as they must be; False if stopped while it is away. ClickException if refused."""
    has_said = False
    while not stop.is_set():
        health.turned()
        try:
            upgrade(engine)
            return True
        except NewerDatabaseError as error:
            raise click.ClickException(f"{error}: use that version's program") from error
        except SQLAlchemyError as error:
            if not _may_come_back(error):
                raise click.ClickException(f"the database refuses: {cause_of(error)}") from error
            if not has_said:
                log.warning("waiting for the database", cause=cause_of(error))
            has_said = True
        stop.wait(RETRY_SECONDS)
    return False


def _may_come_back(error: SQLAlchemyError) -> bool:
    """A file that cannot be opened, a wrong password or name will not."""
    said = str(getattr(error, "orig", error))
    final = ("unable to open", "not a database", "password authentication", "does not exist")
    return isinstance(error, OperationalError) and not any(words in said for words in final)


def run_beside(server: PageServer, listener: socket.socket, consume: Callable[[], None]) -> None:
    """Serve pages and consume until a signal; what one of them raises ends both."""
    with ThreadPoolExecutor(1, "alerts") as threads:
        consuming = threads.submit(consume)
        consuming.add_done_callback(lambda _: server.stop.set())
        try:
            server.run(sockets=[listener])
        finally:
            server.stop.set()
    consuming.result()


def monotonic_health() -> SiteHealth:
    """A health that has just turned."""
    return SiteHealth(time.monotonic, time.monotonic())
