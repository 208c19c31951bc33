"""Peers that are no servers at all, and channels to the real ones."""

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import httpx

from local.mailbox import Mailbox
from local.ports import HOST
from local.receiver import Receiver
from services.notifying.email import EmailChannel, SmtpServer
from services.notifying.mail import Addresses
from services.notifying.webhook import Webhook, WebhookChannel
from services.runtime.tls import tls_context

SENDER = "alerts@city.example"
OPS, DUTY, MAYOR = "ops@city.example", "duty@city.example", "mayor@city.example"
SECRET = b"not-a-real-secret"


@contextmanager
def email_channel(server: Mailbox | SmtpServer) -> Iterator[EmailChannel]:
    """A channel to three people, without TLS unless the server says so."""
    if isinstance(server, Mailbox):
        server = SmtpServer(HOST, server.port, None)
    channel = EmailChannel(server, Addresses(SENDER, (OPS, DUTY, MAYOR)), 10)
    try:
        yield channel
    finally:
        channel.close()


@contextmanager
def webhook_channel(receiver: Receiver | str, secret: bytes = SECRET) -> Iterator[WebhookChannel]:
    """A channel to that receiver, or to another URL."""
    if isinstance(receiver, Receiver):
        receiver = f"http://{HOST}:{receiver.port}/alerts"
    hook = Webhook(httpx.URL(receiver), secret, tls_context("--webhook-ca-file", None))
    channel = WebhookChannel(hook, None)
    try:
        yield channel
    finally:
        channel.close()


@contextmanager
def silent_peer() -> Iterator[int]:
    """The port of one that takes connections and never says a word."""
    with socket.create_server((HOST, 0)) as listener:
        yield int(listener.getsockname()[1])


@contextmanager
def babbling_peer(words: Sequence[bytes]) -> Iterator[int]:
    """The port of one that says these words, the next whenever it heard something, then hangs up.

    The first of them it says at once.
    """
    with socket.create_server((HOST, 0)) as listener:
        thread = threading.Thread(target=_babble, args=(listener, words))
        thread.start()
        try:
            yield int(listener.getsockname()[1])
        finally:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def _babble(listener: socket.socket, words: Sequence[bytes]) -> None:
    with suppress(OSError):
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(5)
            for word in words:
                connection.sendall(word)
                connection.recv(65_536)
