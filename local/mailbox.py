"""A real SMTP server on this machine that keeps its mails in a Maildir: for the demo, the tests.

As a process: `python -m local.mailbox --port 2525 --folder mails`. Tests run it within themselves
and switch its faults on. Not for other machines: it listens on loopback and takes mail for anybody.
"""

import asyncio
import socket
import ssl
import threading
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

import click
from aiosmtpd.smtp import SMTP

from local.mail_session import Keeper, MailFaults, MailSession
from local.ports import HOST, free_port
from local.serving import serve_until_told, serving


@dataclass(frozen=True, slots=True)
class MailSecurity:
    """STARTTLS, or TLS from the first byte, with this certificate; passwords by user's name."""

    certificate: ssl.SSLContext | None = None
    is_tls_at_once: bool = False
    passwords: Mapping[str, str] = field(default_factory=dict)


NO_SECURITY = MailSecurity()


class Mailbox:
    """A server on its port and its Maildir; stop() and start() again on the same port."""

    def __init__(self, folder: Path, port: int, security: MailSecurity = NO_SECURITY) -> None:
        self.folder = folder
        self.port = port
        self.security = security
        self.faults = MailFaults()
        self._keeper = Keeper(folder, security.passwords, self.faults)
        self._sessions: weakref.WeakSet[MailSession] = weakref.WeakSet()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Listen. OSError if the port is taken."""
        # The protocol said, or asyncio lets Nagle hold back a reply of several lines for 40 ms.
        listener = socket.socket(proto=socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listen(listener)
        self._loop = asyncio.new_event_loop()
        self._stopping = asyncio.Event()
        self._thread = threading.Thread(target=self._run, args=(listener,), name="mailbox")
        self._thread.start()

    def stop(self) -> None:
        """Listen no more and drop what is connected; what was kept stays. Fine when stopped."""
        if self._thread:
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join()
        self._thread = None

    def mails(self) -> list[EmailMessage]:
        """What was kept, in the order of its coming."""
        return kept_mails(self.folder)

    def _listen(self, listener: socket.socket) -> None:
        try:
            listener.bind((HOST, self.port))
            listener.listen()
        except OSError:
            listener.close()
            raise

    def _run(self, listener: socket.socket) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve(listener))

    async def _serve(self, listener: socket.socket) -> None:
        at_once = self.security.certificate if self.security.is_tls_at_once else None
        server = await self._loop.create_server(self._session, sock=listener, ssl=at_once)
        await self._stopping.wait()
        server.close()
        for session in self._sessions:
            if session.transport:
                session.transport.abort()  # type: ignore[attr-defined]
        # Lets the sessions end.
        await asyncio.sleep(0)

    def _session(self) -> SMTP:
        security = self.security
        session = MailSession(
            self._keeper,
            hostname="localhost",
            loop=self._loop,
            tls_context=None if security.is_tls_at_once else security.certificate,
            authenticator=self._keeper.authenticated,
            # Of TLS at once aiosmtpd does not know; our client refuses to log in without TLS.
            auth_require_tls=False,
        )
        self._sessions.add(session)
        return session


def kept_mails(folder: Path) -> list[EmailMessage]:
    """The mails of a Maildir, in the order of their coming.

    Whom each was delivered to stands in its header Delivered-To, added here.
    """
    files = sorted((folder / "new").iterdir(), key=lambda file: file.stat().st_mtime_ns)
    parser = BytesParser(policy=policy.default)
    return [parser.parsebytes(file.read_bytes()) for file in files]


@contextmanager
def running_mailbox(folder: Path, security: MailSecurity = NO_SECURITY) -> Iterator[Mailbox]:
    """A mailbox that serves, on a free port; stopped at the end."""
    server = Mailbox(folder, free_port(), security)
    with serving(server):
        yield server


@click.command(context_settings={"show_default": True})
@click.option("--port", type=click.IntRange(1, 65535), default=2525)
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="The Maildir; it is made.",
)
def main(port: int, folder: Path) -> None:
    """Take mail for anybody, on loopback, and keep it in a Maildir."""
    told = f"mail for anybody on {HOST}:{port} goes to {folder}"
    serve_until_told(Mailbox(folder, port), told)


if __name__ == "__main__":
    main()
