"""From an alert to its row in the table `alerts`. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from services.reports.alert import Alert
from services.reports.codec import Rejection

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# An index of PostgreSQL's takes no text of more than 2,700 bytes.
ID_CHARACTERS_MAX = 128
INDEXED = ("report_id", "drone_id")
PLAIN = ("alert_id", "kind", "drone_id", "report_id", "subject")
# Real places and words are far below it; an alert may have 4 MiB of them.
SEARCH_CHARACTERS_MAX = 8_000

Row = Mapping[str, Any]


def row_of(alert: Alert, stored_at_ms: int, detected_at_ms: int | None) -> Row | Rejection:
    """The alert's row, as one that is new; a Rejection if its ids are none of ours."""
    if (fault := _fault(alert)) is not None:
        return fault
    location, detail = alert.location, storable(msgspec.to_builtins(alert.detail))
    return {
        **{name: storable(getattr(alert, name)) for name in PLAIN},
        "time_ms": milliseconds(alert.time),
        "detected_at_ms": detected_at_ms,
        "stored_at_ms": stored_at_ms,
        "place": storable(location.place if location and location.place else detail["place"]),
        "latitude": location.latitude if location else None,
        "longitude": location.longitude if location else None,
        "detail": detail,
        "search_text": searchable(_said(alert)),
        "search_name": searchable((alert.subject,)) if alert.kind == "agitation" else "",
        "state": "new",
    }


def _fault(alert: Alert) -> Rejection | None:
    longer = (name for name in INDEXED if len(getattr(alert, name)) > ID_CHARACTERS_MAX)
    name = next(longer, None)
    return Rejection(f"{name} has more than {ID_CHARACTERS_MAX} characters") if name else None


def milliseconds(time: datetime) -> int:
    """An aware time as milliseconds since the epoch."""
    return (time - EPOCH) // timedelta(milliseconds=1)


def storable(content: Any) -> Any:
    """The same without NUL characters, which PostgreSQL's text cannot hold."""
    if isinstance(content, str):
        return content.replace("\0", "\N{REPLACEMENT CHARACTER}")
    if isinstance(content, list | tuple):
        return [storable(item) for item in content]
    if isinstance(content, dict):
        return {name: storable(value) for name, value in content.items()}
    return content


def searchable(texts: tuple[str, ...]) -> str:
    """Lower case, words with one blank between them."""
    joined = " ".join(texts)[:SEARCH_CHARACTERS_MAX]
    return str(storable(" ".join(joined.casefold().split())))[:SEARCH_CHARACTERS_MAX]


def _said(alert: Alert) -> tuple[str, ...]:
    """What a text filter finds an alert by, but for a citizen's name."""
    place = alert.location.place if alert.location and alert.location.place else alert.detail.place
    known = (alert.drone_id, alert.report_id)
    told = (place or "", *alert.detail.words)
    if alert.kind != "agitation":
        return (*known, alert.subject, *told)
    # Who finds it by a word that holds a part of the name has found out the name.
    parts = alert.subject.casefold().split()
    return (*known, *(text for text in told if not any(p in text.casefold() for p in parts)))
