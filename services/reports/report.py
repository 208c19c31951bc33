"""A drone's report, as every component knows it. The format: docs/report.md."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

Latitude = Annotated[float, Meta(ge=-90, le=90)]
Longitude = Annotated[float, Meta(ge=-180, le=180)]
Share = Annotated[float, Meta(ge=0, le=1)]
# Printable ASCII, which services.reports.codec looks at: a pattern here takes five times as long.
ReportId = Annotated[str, Meta(min_length=1, max_length=128)]
UtcTime = Annotated[datetime, Meta(tz=True)]
Source = Literal["drone", "nypd"]

# Each alert repeats what its report says around it: limits keep one report from becoming gigabytes.
CITIZENS_MAX = 1_000
WORDS_MAX = 500
ShortText = Annotated[str, Meta(max_length=128)]
LongText = Annotated[str, Meta(max_length=1_000)]


class Location(Struct, frozen=True, gc=False):
    """Degrees (WGS 84); both null where only the place is known."""

    latitude: Latitude | None = None
    longitude: Longitude | None = None
    place: LongText | None = None


class Violation(Struct, frozen=True, gc=False):
    """What a parking drone saw: the violation's code, and its picture if there is one."""

    code: ShortText
    image_id: LongText | None = None


class Citizen(Struct, frozen=True, gc=False):
    """An invented person near a crowd drone; score 0.0 (agitated) to 1.0 (calm)."""

    name: ShortText
    score: Share


class Telemetry(Struct, frozen=True, gc=False):
    """The drone's own state when it reported."""

    battery: Share
    motor_temperature_celsius: float
    vibration_g: float
    flight_hours: float
    signal_dbm: float


class Report(Struct, frozen=True, gc=False):
    """One event of one drone, or one row of history. Unknown fields are dropped."""

    report_id: ReportId
    drone_id: ShortText
    time: UtcTime
    source: Source
    location: Location | None = None
    violation: Violation | None = None
    citizens: Annotated[tuple[Citizen, ...], Meta(max_length=CITIZENS_MAX)] = ()
    words: Annotated[tuple[ShortText, ...], Meta(max_length=WORDS_MAX)] = ()
    telemetry: Telemetry | None = None
