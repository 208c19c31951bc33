"""An alert: what in a report asks for a human."""

from typing import Literal

from msgspec import Struct

from services.reports.report import Location, Telemetry, UtcTime

Kind = Literal["violation", "agitation", "maintenance"]


class Detail(Struct, frozen=True, gc=False):
    """What its report says around the alert."""

    words: tuple[str, ...] = ()
    place: str | None = None
    telemetry: Telemetry | None = None


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
