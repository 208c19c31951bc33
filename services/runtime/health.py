"""/livez, /readyz and /metrics of one process, and what it reports into them.

live = the loop turned lately, whether or not Kafka or the store is up;
ready = joined the group (also with no partition assigned) and broker seen lately.
"""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import click
import structlog
from prometheus_client import REGISTRY, CollectorRegistry, make_wsgi_app

LIVE_WITHIN_SECONDS = 60.0
BROKER_WITHIN_SECONDS = 30.0

Respond = Callable[[str, list[tuple[str, str]]], Any]


@dataclass(slots=True)
class Health:
    """Written by the loop, read by the endpoint; seconds of the given monotonic clock."""

    clock: Callable[[], float]
    turned_at_seconds: float
    broker_seen_at_seconds: float | None = None
    joined: bool = False

    def turned(self) -> None:
        """The loop came round once more."""
        self.turned_at_seconds = self.clock()

    def broker_seen(self) -> None:
        """A broker answered."""
        self.broker_seen_at_seconds = self.clock()

    def is_broker_seen_within(self, seconds: float) -> bool:
        """Whether a broker answered lately."""
        seen = self.broker_seen_at_seconds
        return seen is not None and self.clock() - seen < seconds

    def is_live(self) -> bool:
        """Whether the loop turned lately."""
        return self.clock() - self.turned_at_seconds < LIVE_WITHIN_SECONDS

    def is_ready(self) -> bool:
        """Whether the process takes part in its group and its broker answers."""
        return self.joined and self.is_broker_seen_within(BROKER_WITHIN_SECONDS)


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _SilentHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Probes would fill the log."""


def health_app(
    health: Health, registry: CollectorRegistry = REGISTRY
) -> Callable[[dict[str, Any], Respond], Iterable[bytes]]:
    """A WSGI app: 200 or 503 on /livez and /readyz, the metrics on /metrics."""
    metrics = make_wsgi_app(registry)
    checks = {"/livez": health.is_live, "/readyz": health.is_ready}

    def app(environ: dict[str, Any], respond: Respond) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "/")
        if path == "/metrics":
            answered: Iterable[bytes] = metrics(environ, respond)
            return answered
        if path not in checks:
            return _answer(respond, "404 Not Found")
        return _answer(respond, "200 OK" if checks[path]() else "503 Service Unavailable")

    return app


def _answer(respond: Respond, status: str) -> Iterable[bytes]:
    respond(status, [("Content-Type", "text/plain")])
    return [status.encode() + b"\n"]


def serve_health(health: Health, port: int) -> int:
    """Serve in a daemon thread on all interfaces; the port it got. ClickException if taken."""
    try:
        server = make_server("", port, health_app(health), _Server, _SilentHandler)
    except OSError as error:
        message = f"cannot serve health on port {port} ({error.strerror}): choose --health-port"
        raise click.ClickException(message) from error
    threading.Thread(target=server.serve_forever, name="health", daemon=True).start()
    structlog.get_logger().info("health endpoint", port=server.server_port)
    return server.server_port
