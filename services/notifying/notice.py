"""What is sent to people, and what became of it. Pure.

A notice carries one alert, or as a digest several. Its id follows from its content, so what a
kill interrupts is sent again under the same id. The topics: docs/architecture.md.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256

from msgspec import Struct, json

from services.reports.alert import Alert

# As hexadecimal digits: 128 bits.
DIGEST_ID_CHARACTERS = 32


class Notice(Struct, frozen=True):
    """One mail or one request; no recipients means all of the channel.

    `detected_at_ms`: when alerting found its oldest alert, milliseconds since the epoch.
    """

    notice_id: str
    alerts: tuple[Alert, ...]
    detected_at_ms: int
    recipients: tuple[str, ...] = ()

    @property
    def is_digest(self) -> bool:
        """Whether it carries more than one alert."""
        return len(self.alerts) > 1


class Outcome(Struct, frozen=True):
    """What a delivery came to, by recipient, with the reason for what failed.

    later: it may do so another time; never: refused for good.
    """

    delivered: tuple[str, ...] = ()
    later: Mapping[str, str] = {}
    never: Mapping[str, str] = {}


class Retry(Struct, frozen=True):
    """JSON on a channel's retry topic, key notice_id; times in milliseconds.

    The notice's recipients are those that it still has to reach. It is tried again `wait_ms` after
    its record's arrival, by the brokers' clock: ours, and another process's, may be minutes off.
    """

    notice: Notice
    attempts: int
    first_failed_at_ms: int
    reason: str
    wait_ms: int = 0


class Undelivered(Struct, frozen=True):
    """JSON on `alerts-undelivered`, key notice_id, headers `channel` and `reason`."""

    notice: Notice
    attempts: int
    first_failed_at_ms: int
    reason: str


def notice_of(alerts: Sequence[Alert], detected_at_ms: int) -> Notice:
    """The notice of these alerts (one or more), to all recipients."""
    return Notice(notice_id([alert.alert_id for alert in alerts]), tuple(alerts), detected_at_ms)


def notice_id(alert_ids: Sequence[str]) -> str:
    """The id of a single alert's notice is the alert's own; a digest's is a hash of its alerts'."""
    if len(alert_ids) == 1:
        return alert_ids[0]
    digest = sha256("\n".join(alert_ids).encode()).hexdigest()
    return f"digest-{digest[:DIGEST_ID_CHARACTERS]}"


def encoded(content: Retry | Undelivered) -> bytes:
    """One line of JSON in UTF-8."""
    return json.encode(content)
