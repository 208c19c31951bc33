"""What a record of `alerts` holds. Pure."""

from services.reports.alert import Alert
from services.reports.codec import Rejection, decoded_alert

# An alert's id becomes an event's id, a header, a record's key.
ALERT_ID_MAX_CHARACTERS = 256


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
