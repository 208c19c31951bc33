"""A real SMTP server on this machine that keeps its mails in a Maildir: for the demo, the tests.

As a process: `python -m local.mailbox --port 2525 --folder mails`. Tests run it within themselves
and switch its faults on. Not for other machines: it listens on loopback and takes mail for anybody.
"""

import asyncio
import mailbox
import os
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
from typing import Any

import click
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from local.ports import HOST, free_port
from services.runtime.stopping import stop_on_signals

OK = "250 OK"


@dataclass(slots=True)
class MailFaults:
    """How the server misbehaves; may be changed while it runs.

    A place is the verb of SMTP that is answered there: EHLO, MAIL, RCPT, DATA (when the whole
    message was sent), QUIT.
    """

    greeting: str | None = None
    replies: Mapping[str, str] = field(default_factory=dict)  # by place, instead of doing it
    refused: Mapping[str, str] = field(default_factory=dict)  # replies to RCPT, by recipient
    hang_at: str | None = None
    drop_at: str | None = None  # at DATA the mail is kept, but the sender is not told
    drip_seconds: float = 0.0  # before each byte of each reply


@dataclass(frozen=True, slots=True)
class MailSecurity:
    """STARTTLS, or TLS from the first byte, with this certificate; passwords by user's name."""

    certificate: ssl.SSLContext | None = None
    is_tls_at_once: bool = False
    passwords: Mapping[str, str] = field(default_factory=dict)


NO_SECURITY = MailSecurity()


class _Session(SMTP):
    """aiosmtpd's, whose replies may come late, other, or never."""

    has_greeted = False

    async def push(self, status: Any) -> None:
        faults: MailFaults = self.event_handler.faults
        if not self.has_greeted:
            self.has_greeted, status = True, faults.greeting or status
        if faults.drip_seconds:
            await self._drip(f"{status}\r\n".encode(), faults.drip_seconds)
        else:
            await super().push(status)

    async def _drip(self, reply: bytes, pause_seconds: float) -> None:
        for byte in reply:
            await asyncio.sleep(pause_seconds)
            self._writer.write(bytes([byte]))
            await self._writer.drain()


class _Keeper:
    """What aiosmtpd asks at each verb."""

    def __init__(self, folder: Path, passwords: Mapping[str, str], faults: MailFaults) -> None:
        self.maildir = mailbox.Maildir(folder)
        self.passwords = passwords
        self.faults = faults

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name and arguments
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,  # noqa: ARG002
        hostname: str,
        replies: list[str],
    ) -> list[str]:
        session.host_name = hostname
        fault = await self._fault(server, "EHLO")
        return [fault] if fault else replies

    async def handle_MAIL(  # noqa: N802
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        if self.passwords and not session.authenticated:
            return "530 5.7.0 Authentication required"
        envelope.mail_from, envelope.mail_options = address, options
        return await self._fault(server, "MAIL") or OK

    async def handle_RCPT(  # noqa: N802
        self,
        server: SMTP,
        session: Session,  # noqa: ARG002
        envelope: Envelope,
        address: str,
        options: list[str],  # noqa: ARG002
    ) -> str:
        fault = await self._fault(server, "RCPT") or self.faults.refused.get(address)
        if fault is None:
            envelope.rcpt_tos.append(address)
        return fault or OK

    async def handle_DATA(  # noqa: N802
        self,
        server: SMTP,
        session: Session,  # noqa: ARG002
        envelope: Envelope,
    ) -> str:
        if "DATA" not in self.faults.replies:
            self._keep(envelope)
        return await self._fault(server, "DATA") or OK

    async def handle_QUIT(  # noqa: N802
        self,
        server: SMTP,
        session: Session,  # noqa: ARG002
        envelope: Envelope,  # noqa: ARG002
    ) -> str:
        return await self._fault(server, "QUIT") or "221 Bye"

    def authenticated(self, *asked: Any) -> AuthResult:
        """Whether the login is one of ours; asked: server, session, envelope, mechanism, login."""
        login: LoginPassword = asked[-1]
        password = self.passwords.get(login.login.decode())
        is_known = password is not None and password.encode() == login.password
        return AuthResult(success=is_known, handled=False)

    async def _fault(self, server: SMTP, place: str) -> str | None:
        if place == self.faults.drop_at and server.transport:
            server.transport.abort()  # type: ignore[attr-defined]
        if place in (self.faults.hang_at, self.faults.drop_at):
            # Until the connection ends, which cancels this.
            await asyncio.Event().wait()
        return self.faults.replies.get(place)

    def _keep(self, envelope: Envelope) -> None:
        content = envelope.original_content or b""
        recipients = ", ".join(envelope.rcpt_tos)
        heading = f"Return-Path: <{envelope.mail_from}>\r\nDelivered-To: {recipients}\r\n"
        # Files end their lines as this machine does.
        self.maildir.add((heading.encode() + content).replace(b"\r\n", b"\n"))


class Mailbox:
    """A server on its port and its Maildir; stop() and start() again on the same port."""

    def __init__(self, folder: Path, port: int, security: MailSecurity = NO_SECURITY) -> None:
        self.folder = folder
        self.port = port
        self.security = security
        self.faults = MailFaults()
        self._keeper = _Keeper(folder, security.passwords, self.faults)
        self._sessions: weakref.WeakSet[_Session] = weakref.WeakSet()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Listen. OSError if the port is taken."""
        listener = socket.create_server((HOST, self.port))
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
        session = _Session(
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
    server.start()
    try:
        yield server
    finally:
        server.stop()


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
    stop = stop_on_signals()
    server = Mailbox(folder, port)
    try:
        server.start()
    except OSError as error:
        message = f"cannot listen on port {port}: {os.strerror(error.errno or 0)}"
        raise click.ClickException(message) from error
    click.echo(f"mail for anybody on {HOST}:{port} goes to {folder}")
    stop.wait()
    server.stop()


if __name__ == "__main__":
    main()
