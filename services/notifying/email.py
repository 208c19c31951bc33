"""Notices as mails, through one SMTP server. One connection a notice: they are few, and no idle
connection can have died. What a mail says: services.notifying.mail.
"""

import asyncio
import ssl
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

import aiosmtplib
from aiosmtplib.errors import (
    SMTPAuthenticationError,
    SMTPDataError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPSenderRefused,
)

from services.notifying.channel import DELIVERY_SECONDS
from services.notifying.mail import Addresses, mail_of
from services.notifying.notice import Notice, Outcome
from services.reports.codec import one_line

# After the server took the mail: it may say goodbye, but nothing depends on it.
FAREWELL_SECONDS = 0.5
SENDING_SECONDS = DELIVERY_SECONDS - 2 * FAREWELL_SECONDS
# Refusals that somebody will repair at our end (RFC 4954): they are not about this mail.
SIGN_IN_CODES = frozenset({530, 534, 535, 538})
# ValueError: should the library trip over an answer. It would come again with each attempt.
FAILURES = (SMTPException, OSError, ValueError)

# Each recipient, with the refusal that it met.
Asked = dict[str, SMTPResponseException | None]


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mail is handed in; context is None for a connection without TLS."""

    host: str
    port: int
    context: ssl.SSLContext | None
    is_tls_at_once: bool = False
    user: str | None = None
    password: str | None = field(default=None, repr=False)


class _Client(aiosmtplib.SMTP):
    """Hangs up at once: a goodbye of TLS may take half a minute, and our loop does not run on."""

    def close(self) -> None:
        if isinstance(self.transport, asyncio.WriteTransport):
            self.transport.abort()
        super().close()


class EmailChannel:
    """One mail a notice, to all recipients at once."""

    name = "email"

    def __init__(self, server: SmtpServer, addresses: Addresses, cap_per_minute: int) -> None:
        self.server = server
        self.addresses = addresses
        self.cap_per_minute: int | None = cap_per_minute
        self._runner = asyncio.Runner()

    @property
    def recipients(self) -> tuple[str, ...]:
        """The addresses."""
        return self.addresses.recipients

    def deliver(self, notice: Notice) -> Outcome:
        """Hand the mail in, for those the notice still has to reach."""
        mail = mail_of(notice, self.addresses, datetime.now(UTC)).as_bytes()
        return self._runner.run(self._delivered(notice.recipients or self.recipients, mail))

    def close(self) -> None:
        """There is no connection left; only the event loop."""
        self._runner.close()

    async def _delivered(self, recipients: tuple[str, ...], mail: bytes) -> Outcome:
        client = self._client()
        try:
            async with asyncio.timeout(SENDING_SECONDS):
                await client.connect()
                outcome = await self._handed_in(client, recipients, mail)
            await _say_goodbye(client)
        except FAILURES as error:
            return Outcome(later=dict.fromkeys(recipients, _reason(error)))
        finally:
            client.close()
            # Lets the transport end.
            await asyncio.sleep(0)
        return outcome

    def _client(self) -> _Client:
        server = self.server
        return _Client(
            hostname=server.host,
            port=server.port,
            username=server.user,
            password=server.password,
            # Else it asks DNS for our own name, at each connection.
            local_hostname=self.addresses.sender.rpartition("@")[2],
            timeout=DELIVERY_SECONDS,
            use_tls=server.is_tls_at_once,
            start_tls=server.context is not None and not server.is_tls_at_once,
            tls_context=server.context,
        )

    async def _handed_in(
        self, client: aiosmtplib.SMTP, recipients: Iterable[str], mail: bytes
    ) -> Outcome:
        """One transaction: the sender, each recipient, the mail for those that were taken."""
        asked: Asked = dict.fromkeys(recipients)
        try:
            await client.mail(self.addresses.sender)
            asked = {recipient: await _refusal(client, recipient) for recipient in asked}
            if None in asked.values():
                await client.data(mail)
        except (SMTPSenderRefused, SMTPDataError) as error:
            asked = {recipient: refusal or error for recipient, refusal in asked.items()}
        return _outcome(asked)


async def _refusal(client: aiosmtplib.SMTP, recipient: str) -> SMTPResponseException | None:
    try:
        await client.rcpt(recipient)
    except SMTPRecipientRefused as error:
        return error
    return None


async def _say_goodbye(client: aiosmtplib.SMTP) -> None:
    with suppress(*FAILURES):
        async with asyncio.timeout(FAREWELL_SECONDS):
            await client.quit()


def _outcome(asked: Asked) -> Outcome:
    refused = {recipient: error for recipient, error in asked.items() if error}
    return Outcome(
        delivered=tuple(recipient for recipient, error in asked.items() if not error),
        later={r: _reason(error) for r, error in refused.items() if not _is_for_good(error.code)},
        never={r: _reason(error) for r, error in refused.items() if _is_for_good(error.code)},
    )


def _is_for_good(code: int) -> bool:
    return 500 <= code <= 599 and code not in SIGN_IN_CODES


def _reason(error: Exception) -> str:
    """One line; of a refused login not the server's words, which may repeat what we sent."""
    if isinstance(error, SMTPAuthenticationError):
        return f"login refused ({error.code})"
    if isinstance(error, SMTPResponseException):
        return one_line(f"{error.code} {error.message}")
    if type(error) is TimeoutError:
        return f"not done within {SENDING_SECONDS:.0f} s"
    return one_line(str(error) or type(error).__name__)
