"""What a record of `alerts` holds. Pure."""

from collections.abc import Sequence
from typing import Protocol

from services.reports import topics
from services.reports.alert import Alert
from services.reports.codec import Rejection, decoded_alert
from services.stream.worker import Record

# An alert's id becomes an event's id, a header, a record's key.
ALERT_ID_MAX_CHARACTERS = 256


class HeadedRecord(Record, Protocol):
    """A record with its headers."""

    @property
    def headers(self) -> Sequence[tuple[str, bytes]]: ...  # noqa: D102


def judged(value: bytes | None) -> Alert | Rejection:
    """The alert in a record's value, or why it is none that may be sent; never raises."""
    alert = decoded_alert(value)
    if isinstance(alert, Rejection) or _is_sound(alert.alert_id):
        return alert
    return Rejection(
        f"alert_id is not 1 to {ALERT_ID_MAX_CHARACTERS} printable ASCII characters"
        " - at `$.alert_id`"
    )


def _is_sound(alert_id: str) -> bool:
    is_printable = alert_id.isascii() and alert_id.isprintable()
    return 0 < len(alert_id) <= ALERT_ID_MAX_CHARACTERS and is_printable


def detected_at_ms(record: HeadedRecord) -> int:
    """When alerting found it, as its header says; without one its arrival."""
    digits = dict(record.headers).get(topics.DETECTED_AT) or b""
    is_moment = digits.isdigit() and len(digits) <= len(str(record.timestamp))
    return int(digits) if is_moment else record.timestamp
