"""A notice as a signed webhook. Pure; for whoever writes a receiver: docs/notifying.md."""

import hmac
import re
from hashlib import sha256
from typing import Literal

from msgspec import Struct, json

from services.notifying.notice import Notice
from services.reports.alert import Alert

HASH_CHARACTERS = 32

# What any header can carry as it is: printable ASCII without spaces.
_plain = re.compile("[!-~]{1,200}")


class Event(Struct, frozen=True):
    """The body, as JSON. `detected_at_ms`: when the oldest alert was found, since the epoch."""

    event_id: str
    type: Literal["alert", "digest"]
    detected_at_ms: int
    alerts: tuple[Alert, ...]


def event_of(notice: Notice) -> Event:
    """The same notice gives the same event."""
    kind: Literal["alert", "digest"] = "digest" if notice.is_digest else "alert"
    return Event(_event_id(notice.notice_id), kind, notice.detected_at_ms, notice.alerts)


def body_of(event: Event) -> bytes:
    """One line of JSON in UTF-8."""
    return json.encode(event)


def event_headers(
    event: Event, body: bytes, timestamp_seconds: int, secret: bytes
) -> dict[str, str]:
    """What lets a receiver see who sent the body, when, and whether it has it already."""
    return {
        "Content-Type": "application/json",
        "Dronewatch-Event-Id": event.event_id,
        "Dronewatch-Timestamp": str(timestamp_seconds),
        "Dronewatch-Signature": f"v1={signature(secret, timestamp_seconds, body)}",
    }


def signature(secret: bytes, timestamp_seconds: int, body: bytes) -> str:
    """HMAC-SHA256 of "<timestamp>.<body>", hexadecimal."""
    return hmac.new(secret, f"{timestamp_seconds}.".encode() + body, sha256).hexdigest()


def _event_id(notice_id: str) -> str:
    """The notice's own, unless a header could not carry it."""
    if _plain.fullmatch(notice_id):
        return notice_id
    return f"alert-{sha256(notice_id.encode()).hexdigest()[:HASH_CHARACTERS]}"
