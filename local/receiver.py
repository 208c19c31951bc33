"""A real receiver of webhooks on this machine: verifies them, keeps each as a line of a file.

As a process: `python -m local.receiver --port 8081 --file webhooks.jsonl --secret-file secret`.
Tests run it within themselves and switch its faults on. It does not drop what comes twice: who
reads the file sees that. It verifies by docs/notifying.md and shares no code with the sender.
"""

import hashlib
import hmac
import json
import socket
import ssl
import threading
import time
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import click

from local.ports import HOST, free_port
from local.serving import serve_until_told, serving

TOLERANCE_SECONDS = 300
HANDSHAKE_SECONDS = 5.0
KEPT = 204


@dataclass(slots=True)
class WebFaults:
    """How the receiver misbehaves; may be changed while it runs."""

    status: int | None = None  # answer this, keep nothing
    headers: Mapping[str, str] = field(default_factory=dict)  # in every answer
    hangs: bool = False  # keep nothing, never answer
    drops: bool = False  # keep it, then end the connection without an answer
    drip_seconds: float = 0.0  # before each byte of the answer


def is_genuine(
    secret: bytes, headers: "Message[str, str]", body: bytes, now_seconds: float
) -> bool:
    """Whether the sender knows the secret, and sent this lately."""
    timestamp = headers.get("Dronewatch-Timestamp", "")
    if not (timestamp.isascii() and timestamp.isdigit()):
        return False
    signed = hmac.new(secret, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    given = headers.get("Dronewatch-Signature", "")
    is_fresh = abs(now_seconds - int(timestamp)) <= TOLERANCE_SECONDS
    return is_fresh and hmac.compare_digest(f"v1={signed}".encode(), given.encode())


class Receiver:
    """A server on its port and its file; stop() and start() again on the same port."""

    def __init__(
        self, file: Path, port: int, secret: bytes, certificate: ssl.SSLContext | None = None
    ) -> None:
        self.file = file
        self.port = port
        self.secret = secret
        self.certificate = certificate
        self.faults = WebFaults()
        self.stopping = threading.Event()
        self._writing = threading.Lock()
        self._server: _Server | None = None

    def start(self) -> None:
        """Listen. OSError if the port is taken."""
        self.stopping.clear()
        self._server = _Server(self)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), name="receiver").start()

    def stop(self) -> None:
        """Listen no more and drop what is connected; what was kept stays. Fine when stopped."""
        self.stopping.set()
        if self._server:
            self._server.shutdown()
            self._server.server_close()
        self._server = None

    def keep(self, body: bytes) -> None:
        """Append the event as a line."""
        with self._writing, self.file.open("ab") as file:
            file.write(body.replace(b"\n", b" ") + b"\n")

    def events(self) -> list[dict[str, Any]]:
        """What was kept, in the order of its coming."""
        return kept_events(self.file)


class _Server(ThreadingHTTPServer):
    def __init__(self, receiver: Receiver) -> None:
        self.receiver = receiver
        self.connections: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        super().__init__((HOST, receiver.port), _Handler)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        if self.receiver.certificate:
            connection.settimeout(HANDSHAKE_SECONDS)
            connection = self.receiver.certificate.wrap_socket(connection, server_side=True)
            connection.settimeout(None)
        self.connections.add(connection)
        return connection, address

    def server_close(self) -> None:
        for connection in self.connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        super().server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is no error of ours."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        receiver = self.server.receiver
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if receiver.faults.hangs:
            receiver.stopping.wait()
            self.close_connection = True
            return
        status = receiver.faults.status or self._status(body)
        if status == KEPT:
            receiver.keep(body)
        if receiver.faults.drops:
            self.close_connection = True
        else:
            self._answer(status)

    def log_message(self, format: str, *args: Any) -> None:
        """The file says it."""

    def _status(self, body: bytes) -> int:
        """204, or why not: 401 for a signature that is none, 400 for a body that is no JSON."""
        if not is_genuine(self.server.receiver.secret, self.headers, body, time.time()):
            return 401
        try:
            json.loads(body)
        except ValueError:
            return 400
        return KEPT

    def _answer(self, status: int) -> None:
        faults = self.server.receiver.faults
        headers = {"Content-Length": "0", **faults.headers}
        lines = [f"HTTP/1.1 {status} as told", *(f"{k}: {v}" for k, v in headers.items()), "", ""]
        answer = "\r\n".join(lines).encode()
        if not faults.drip_seconds:
            self.wfile.write(answer)
            return
        for byte in answer:
            if self.server.receiver.stopping.wait(faults.drip_seconds):
                return
            self.wfile.write(bytes([byte]))


def kept_events(file: Path) -> list[dict[str, Any]]:
    """The events in a receiver's file, in the order of their coming; none if there is no file."""
    lines = file.read_bytes().splitlines() if file.exists() else []
    return [json.loads(line) for line in lines]


@contextmanager
def running_receiver(
    file: Path, secret: bytes, certificate: ssl.SSLContext | None = None
) -> Iterator[Receiver]:
    """A receiver that serves, on a free port; stopped at the end."""
    receiver = Receiver(file, free_port(), secret, certificate)
    with serving(receiver):
        yield receiver


@click.command(context_settings={"show_default": True})
@click.option("--port", type=click.IntRange(1, 65535), default=8081)
@click.option(
    "--file",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="Each event becomes a line of it.",
)
@click.option(
    "--secret-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="What the events are signed with.",
)
def main(port: int, file: Path, secret_file: Path) -> None:
    """Take webhooks, on loopback, and keep those whose signature is right."""
    receiver = Receiver(file, port, secret_file.read_bytes().strip())
    serve_until_told(receiver, f"webhooks to http://{HOST}:{port} go to {file}")


if __name__ == "__main__":
    main()
