"""Notices as signed requests to one URL. What a request says: services.notifying.event."""

import asyncio
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass, field

import httpx

from services.notifying.channel import DELIVERY_SECONDS
from services.notifying.event import body_of, event_headers, event_of
from services.notifying.notice import Notice, Outcome
from services.reports.codec import one_line

# The rest of an answer is read so that the connection can be used again; nothing depends on it.
REST_SECONDS = 0.5
REST_MAX_BYTES = 64 * 1024
ANSWER_SECONDS = DELIVERY_SECONDS - 2 * REST_SECONDS
# Request Timeout, Too Early, Too Many Requests: the receiver asks for another time.
LATER_STATUSES = frozenset({408, 425, 429})
FAILURES = (httpx.HTTPError, OSError)


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where requests go, and what they are signed with."""

    url: httpx.URL
    secret: bytes = field(repr=False)
    context: ssl.SSLContext

    @property
    def origin(self) -> str:
        """Scheme, host and port: the rest of a URL is often a secret of its own."""
        return str(self.url.copy_with(raw_path=b"/")).removesuffix("/")


class WebhookChannel:
    """One request a notice; connections are kept between them."""

    name = "webhook"

    def __init__(self, webhook: Webhook, cap_per_minute: int | None) -> None:
        self.webhook = webhook
        self.recipients: tuple[str, ...] = (webhook.origin,)
        self.cap_per_minute = cap_per_minute
        self._runner = asyncio.Runner()
        self._client = httpx.AsyncClient(
            verify=webhook.context,
            # All of it has one limit, below.
            timeout=None,
            # Neither proxies nor passwords from the environment.
            trust_env=False,
            headers={"User-Agent": "Dronewatch"},
        )

    def deliver(self, notice: Notice) -> Outcome:
        """Post the event."""
        event = event_of(notice)
        body = body_of(event)
        headers = event_headers(event, body, int(time.time()), self.webhook.secret)
        request = self._client.build_request(
            "POST", self.webhook.url, content=body, headers=headers
        )
        return self._runner.run(self._delivered(notice.recipients or self.recipients, request))

    def close(self) -> None:
        """Close the connections."""
        self._runner.run(self._client.aclose())
        self._runner.close()

    async def _delivered(self, recipients: tuple[str, ...], request: httpx.Request) -> Outcome:
        try:
            status = await self._status(request)
        except FAILURES as error:
            return Outcome(later=dict.fromkeys(recipients, _reason(error)))
        return outcome_of(status, recipients)

    async def _status(self, request: httpx.Request) -> int:
        async with asyncio.timeout(ANSWER_SECONDS):
            answer = await self._client.send(request, stream=True)
        with suppress(*FAILURES):
            async with asyncio.timeout(REST_SECONDS):
                await _read_rest(answer)
        with suppress(*FAILURES):
            await answer.aclose()
        return answer.status_code


async def _read_rest(answer: httpx.Response) -> None:
    async for _ in answer.aiter_raw():
        if answer.num_bytes_downloaded > REST_MAX_BYTES:
            return


def outcome_of(status: int, recipients: tuple[str, ...]) -> Outcome:
    """What an answer's status means for the event."""
    if 200 <= status <= 299:
        return Outcome(delivered=recipients)
    reasons = dict.fromkeys(recipients, f"HTTP {status}")
    if 300 <= status <= 499 and status not in LATER_STATUSES:
        return Outcome(never=reasons)
    return Outcome(later=reasons)


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {ANSWER_SECONDS:.0f} s"
    return one_line(str(error) or type(error).__name__)
