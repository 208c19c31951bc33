"""Which alerts somebody asked for: the query of an address, checked and made Filters. Pure."""

from collections.abc import Mapping
from dataclasses import astuple
from datetime import UTC, datetime

from pydantic import BaseModel, Field

from services.website.outline import Outline
from services.website.queries import Area, Filters
from services.website.schema import STATES, State
from services.website.user import User

TEXT_MAX = 200


class FilterError(ValueError):
    """A filter that cannot be understood; str() says which and what it should be."""


class FilterQuery(BaseModel):
    """As forms and programs send it: empty means all."""

    kind: str = Field("", max_length=64, description="violation, agitation or maintenance")
    drone: str = Field("", max_length=128, description="The drone's id")
    state: str = Field("", max_length=20, description="new, acknowledged, assigned or closed")
    area: str = Field("", max_length=100, description="south,west,north,east in degrees, or a name")
    since: str = Field("", max_length=40, description="From this time on, ISO 8601; UTC if none")
    until: str = Field("", max_length=40, description="Before this time, ISO 8601; UTC if none")
    text: str = Field("", max_length=TEXT_MAX, description="Words that it must hold")


def areas_by_name(outline: Outline) -> dict[str, Area]:
    """The box around each area of the map that has a name, in the order of the names."""
    named = sorted((area for area in outline if area.name), key=lambda area: area.name)
    return {area.name: Area(*astuple(area.bounds)) for area in named}


def filters(query: FilterQuery, user: User, areas: Mapping[str, Area]) -> Filters:
    """What to ask of the database for this user; areas: those that have a name. FilterError."""
    texts = [(name, getattr(query, name)) for name in FilterQuery.model_fields]
    if unprintable := [name for name, text in texts if not text.isprintable()]:
        raise FilterError(f"{unprintable[0]}: only printable characters")
    return Filters(
        kind=query.kind.strip() or None,
        drone_id=query.drone.strip() or None,
        state=_state(query.state),
        area=_area(query.area.strip(), areas),
        from_ms=_moment_ms("since", query.since),
        until_ms=_moment_ms("until", query.until),
        text=query.text.strip() or None,
        is_name_searched=user.is_operator and bool(query.text.strip()),
    )


def _state(text: str) -> State | None:
    found = next((state for state in STATES if state == text.strip()), None)
    if text.strip() and not found:
        raise FilterError(f"state: one of {', '.join(STATES)}")
    return found


def _area(text: str, areas: Mapping[str, Area]) -> Area | None:
    if not text or text in areas:
        return areas.get(text)
    try:
        south, west, north, east = (float(part) for part in text.split(","))
    except ValueError as error:
        known = " or the name of an area of the map" if areas else ""
        fault = f"area: four numbers, south,west,north,east in degrees{known}"
        raise FilterError(fault) from error
    if not (-90 <= south <= north <= 90 and -180 <= west <= east <= 180):
        raise FilterError("area: south below north, west below east, in degrees")
    return Area(south, west, north, east)


def _moment_ms(name: str, text: str) -> int | None:
    if not text.strip():
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
        utc = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return int(utc.timestamp() * 1000)
    except (ValueError, OverflowError) as error:
        raise FilterError(f"{name}: a time such as 2026-03-09T14:30") from error
