"""What the mailbox says at each verb of SMTP, and how it misbehaves. For local.mailbox."""

import asyncio
import mailbox
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

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


class MailSession(SMTP):
    """aiosmtpd's, whose replies may come late, other, or never."""

    has_greeted = False

    async def push(self, status: Any) -> None:
        """One reply; the first is the greeting."""
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


class Keeper:
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
        """Who is there."""
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
        """Who sends; only who has logged in, where there are passwords."""
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
        """One recipient: taken, or refused."""
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
        """The whole mail: kept, unless there is another reply to it."""
        if "DATA" not in self.faults.replies:
            self._keep(envelope)
        return await self._fault(server, "DATA") or OK

    async def handle_QUIT(  # noqa: N802
        self,
        server: SMTP,
        session: Session,  # noqa: ARG002
        envelope: Envelope,  # noqa: ARG002
    ) -> str:
        """Goodbye."""
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
