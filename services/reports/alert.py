"""An alert: what in a report asks for a human."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from services.reports.report import Location, Telemetry, UtcTime

Kind = Literal["violation", "agitation", "maintenance"]
# An alert's id becomes an event's id, a header, a record's key, a row's key.
ALERT_ID_CHARACTERS_MAX = 256
# Each alert of a report repeats its words: 1,000 citizens and 500 words would give 64 MB of them.
WORDS_MAX_BYTES = 2 * 1024


class Detail(Struct, frozen=True, gc=False):
    """What its report says around the alert: its first words, and how many are left out."""

    words: tuple[str, ...] = ()
    place: str | None = None
    telemetry: Telemetry | None = None
    words_omitted: Annotated[int, Meta(ge=0)] = 0


class Alert(Struct, frozen=True, gc=False):
    """The same report, read or sent again, gives the same alert under the same id."""

    alert_id: str
    kind: Kind
    report_id: str
    drone_id: str
    time: UtcTime
    subject: str
    location: Location | None = None
    detail: Detail = Detail()


def alert_id(report_id: str, kind: Kind, index: int) -> str:
    """`<report_id>-<kind>-<index>`; the index counts the subjects within the report."""
    return f"{report_id}-{kind}-{index}"


def is_alert_id(text: str) -> bool:
    """1 to 256 printable ASCII characters."""
    return 0 < len(text) <= ALERT_ID_CHARACTERS_MAX and text.isascii() and text.isprintable()
