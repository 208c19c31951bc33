"""A reverse proxy on loopback between the parts and their S3 store that breaks what it forwards.

A request is forwarded with its headers unchanged, Host included, so its signature stays valid.
A chooser says which fault a request meets: tests.faults.s3_faults.
"""

import http.client
import os
import random
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from local.ports import HOST, free_port
from tests.faults.s3_faults import AFTER, BEFORE, Chooser, Fault, Request

METHODS = ("GET", "HEAD", "PUT", "POST", "DELETE")
UPSTREAM_SECONDS = 120.0
DELAY_SECONDS = 3.0
# The lines and headers of an answer that end with this connection.
HOP_HEADERS = {"connection", "keep-alive", "transfer-encoding", "content-length"}


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of the store."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


@dataclass(slots=True)
class S3Proxy:
    """`choose` may be replaced at any time; `met` lists each request with its fault."""

    upstream: str
    host: str
    port: int
    choose: Chooser
    rng: random.Random = field(default_factory=lambda: random.Random(1))
    met: list[tuple[Request, Fault | None]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    ending: threading.Event = field(default_factory=threading.Event)
    connections: set[socket.socket] = field(default_factory=set)

    @property
    def endpoint(self) -> str:
        return f"http://{self.host}:{self.port}"

    def faults(self) -> list[Fault]:
        """The faults so far, in order."""
        with self.lock:
            return [fault for _, fault in self.met if fault is not None]

    def meet(self, request: Request) -> Fault | None:
        """Choose the fault of a request and note it."""
        with self.lock:
            fault = self.choose(request)
            self.met.append((request, fault))
        return fault


@contextmanager
def running_proxy(
    upstream: str, choose: Chooser, host: str = HOST, port: int | None = None
) -> Iterator[S3Proxy]:
    """Serve in threads; at the end all connections are closed and all threads have ended."""
    proxy = S3Proxy(upstream, host, port or free_port(), choose)
    methods = {f"do_{method}": _Handler.serve for method in METHODS}
    handler = type("Handler", (_Handler,), {"proxy": proxy, **methods})
    server = ThreadingHTTPServer((proxy.host, proxy.port), handler)
    server.daemon_threads = False
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="s3-proxy")
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        thread.join()
        _close_all(proxy)
        server.server_close()


def _close_all(proxy: S3Proxy) -> None:
    proxy.ending.set()
    with proxy.lock:
        connections = list(proxy.connections)
    for connection in connections:
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    proxy: S3Proxy

    def setup(self) -> None:
        super().setup()
        with self.proxy.lock:
            self.proxy.connections.add(self.connection)
        if self.proxy.ending.is_set():
            self.connection.shutdown(socket.SHUT_RDWR)

    def finish(self) -> None:
        with self.proxy.lock:
            self.proxy.connections.discard(self.connection)
        super().finish()

    def log_message(self, *_: Any) -> None:
        """Nothing: `met` is the log."""

    def serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        fault = self.proxy.meet(Request(self.command, self.path))
        try:
            self._answer(fault, body)
        except (OSError, http.client.HTTPException):
            # The store or the client went away: the other one loses its connection.
            self.close_connection = True

    def _answer(self, fault: Fault | None, body: bytes) -> None:
        if fault is Fault.RESET:
            self._reset()
            return
        if fault in BEFORE:
            self._send(_error(*BEFORE[fault]))
            return
        if fault is Fault.DELAY:
            self.proxy.ending.wait(DELAY_SECONDS)
        answer = self._forward(body)
        if fault is Fault.LOSE_ANSWER:
            self.close_connection = True
        elif fault in AFTER:
            self._send(_error(*AFTER[fault]))
        else:
            self._send_damaged(fault, answer)

    def _send_damaged(self, fault: Fault | None, answer: Answer) -> None:
        content = bytearray(answer.body)
        if fault is Fault.FLIP and content:
            content[self.proxy.rng.randrange(len(content))] ^= 1 << self.proxy.rng.randrange(8)
        if fault is Fault.CUT:
            del content[len(content) // 2 :]
            self.close_connection = True
        self._send(answer, bytes(content))

    def _forward(self, body: bytes) -> Answer:
        upstream = urlsplit(self.proxy.upstream).netloc
        connection = http.client.HTTPConnection(upstream, timeout=UPSTREAM_SECONDS)
        try:
            connection.putrequest(self.command, self.path, True, True)
            for name, value in self.headers.items():
                connection.putheader(name, value)
            connection.endheaders(body)
            answer = connection.getresponse()
            return Answer(answer.status, answer.getheaders(), answer.read())
        finally:
            connection.close()

    def _send(self, answer: Answer, content: bytes | None = None) -> None:
        """Send the answer with the Content-Length of its body, but `content` instead of it."""
        self.send_response_only(answer.status)
        for name, value in answer.headers:
            if name.lower() not in HOP_HEADERS:
                self.send_header(name, value)
        self.send_header("Content-Length", _length(self.command, answer))
        self.end_headers()
        self.wfile.write(answer.body if content is None else content)

    def _reset(self) -> None:
        """Close at once with RST, as a crash does: the client's answer is never to come."""
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        with self.proxy.lock:
            self.proxy.connections.discard(self.connection)
        os.close(self.connection.detach())
        self.close_connection = True


def _length(method: str, answer: Answer) -> str:
    """An answer to HEAD has a Content-Length, but no body."""
    named = [value for name, value in answer.headers if name.lower() == "content-length"]
    return named[0] if method == "HEAD" and named else str(len(answer.body))


def _error(status: int, code: str) -> Answer:
    body = f"<Error><Code>{code}</Code><Message>by the proxy</Message></Error>".encode()
    return Answer(status, [("Content-Type", "application/xml")], body)
