"""The peers of notifying: mails and webhooks as one would send them, made before. For a bench."""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from email.message import EmailMessage

import aiosmtplib
import httpx

from local.notices import NoticeFiles, Peers
from local.ports import HOST
from services.notifying.event import body_of, event_headers, event_of
from services.notifying.mail import Addresses, mail_of
from services.notifying.notice import Notice

ADDRESSES = Addresses("dronewatch@example.org", ("control-room@example.org",))


def bare_mails(found: Peers, _files: NoticeFiles, notices: Sequence[Notice]) -> None:
    """A connection each."""
    mails = [mail_of(notice, ADDRESSES, datetime.now(UTC)) for notice in notices]
    asyncio.run(_mailed(found.smtp_port, mails))


async def _mailed(port: int, mails: Sequence[EmailMessage]) -> None:
    for mail in mails:
        await aiosmtplib.send(mail, hostname=HOST, port=port, start_tls=False)


def bare_webhooks(found: Peers, files: NoticeFiles, notices: Sequence[Notice]) -> None:
    """All on one connection."""
    secret, now_seconds = files.secret.read_bytes(), int(time.time())
    events = [(event, body_of(event)) for event in map(event_of, notices)]
    ready = [(body, event_headers(event, body, now_seconds, secret)) for event, body in events]
    asyncio.run(_posted(f"http://{HOST}:{found.webhook_port}/", ready))


async def _posted(url: str, ready: Sequence[tuple[bytes, dict[str, str]]]) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        for body, headers in ready:
            (await client.post(url, content=body, headers=headers)).raise_for_status()
