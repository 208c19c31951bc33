"""What the pages and the API ask of the database: alerts newest first, counts, one alert.

Lists are paged by `seq`, or, of a time, by when the drone saw it: a page is as fast at the end as
at the beginning, and alerts that are stored meanwhile move nothing. Nothing here hides a name:
services.website.visible does.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, or_, select, tuple_

from services.website.schema import STATES, State, actions, alerts, state_counts

PAGE_ROWS = 50
PAGE_ROWS_MAX = 500
SEARCH_WORDS_MAX = 8


@dataclass(frozen=True, slots=True)
class Area:
    """Degrees (WGS 84), borders included."""

    south: float
    west: float
    north: float
    east: float


@dataclass(frozen=True, slots=True)
class Filters:
    """Which alerts; what is None does not matter. Times: when the drone saw it, until excluded.

    `text`: each of its words stands in drone, report, place, words or a violation's code; where
    `is_name_searched`, or in a citizen's name (of operators only: finding one tells it).
    """

    kind: str | None = None
    drone_id: str | None = None
    state: State | None = None
    area: Area | None = None
    from_ms: int | None = None
    until_ms: int | None = None
    text: str | None = None
    is_name_searched: bool = False

    @property
    def is_of_a_time(self) -> bool:
        """Whether it is known from or until when."""
        return self.from_ms is not None or self.until_ms is not None


ALL = Filters()


@dataclass(frozen=True, slots=True)
class StoredAlert:
    """An alert as it was stored, and how far people are with it; times in ms since the epoch."""

    seq: int
    alert_id: str
    kind: str
    drone_id: str
    report_id: str
    time_ms: int
    detected_at_ms: int | None
    stored_at_ms: int
    subject: str
    place: str | None
    latitude: float | None
    longitude: float | None
    state: State
    assignee: str | None
    # words: list of strings; telemetry: null or its numbers; place. As docs/report.md has them.
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Action:
    """What one person did about an alert, and the state that it led to."""

    action_id: int
    at_ms: int
    user_name: str
    action: str
    state: State
    assignee: str | None
    note: str


SHOWN = tuple(alerts.c[column.name] for column in fields(StoredAlert))
ACTION_SHOWN = tuple(actions.c[column.name] for column in fields(Action))


def newest(
    connection: Connection, filters: Filters = ALL, before: int | None = None, rows: int = PAGE_ROWS
) -> list[StoredAlert]:
    """A page, newest first: of those after the alert with the seq `before`, or the first page."""
    chosen = _chosen(filters, rows)
    page = _by_time(chosen, before) if filters.is_of_a_time else _by_seq(chosen, before)
    return [_stored(row) for row in connection.execute(page)]


def later(
    connection: Connection, after: int, filters: Filters = ALL, rows: int = PAGE_ROWS_MAX
) -> list[StoredAlert]:
    """Those above the seq `after`, oldest first: where a browser that was away continues."""
    chosen = _chosen(filters, rows).order_by(alerts.c.seq).where(alerts.c.seq > after)
    return [_stored(row) for row in connection.execute(chosen)]


def last_seq(connection: Connection) -> int:
    """The newest alert's seq; 0 where there is none."""
    return connection.scalar(select(func.max(alerts.c.seq))) or 0


def alert_at(connection: Connection, seq: int) -> StoredAlert | None:
    """One alert."""
    row = connection.execute(select(*SHOWN).where(alerts.c.seq == seq)).first()
    return _stored(row) if row else None


def of_report(connection: Connection, report_id: str) -> list[StoredAlert]:
    """All alerts of one report, in the order in which they were stored."""
    same = select(*SHOWN).where(alerts.c.report_id == report_id).order_by(alerts.c.seq)
    return [_stored(row) for row in connection.execute(same.limit(PAGE_ROWS_MAX))]


def actions_of(connection: Connection, seq: int) -> list[Action]:
    """What was done about an alert, oldest first."""
    done = select(*ACTION_SHOWN).where(actions.c.seq == seq).order_by(actions.c.action_id)
    return [Action(*row) for row in connection.execute(done)]


def counts(connection: Connection) -> dict[State, int]:
    """How many alerts are in each state."""
    counted = {row.state: row.alerts for row in connection.execute(select(state_counts))}
    return {state: counted.get(state, 0) for state in STATES}


def _by_seq(chosen: Select[Any], before: int | None) -> Select[Any]:
    ordered = chosen.order_by(alerts.c.seq.desc())
    return ordered if before is None else ordered.where(alerts.c.seq < before)


def _by_time(chosen: Select[Any], before: int | None) -> Select[Any]:
    """By seq, those of an hour long ago would be looked for among all that came since."""
    place = (alerts.c.time_ms, alerts.c.seq)
    ordered = chosen.order_by(*(column.desc() for column in place))
    if before is None:
        return ordered
    last = select(alerts.c.time_ms).where(alerts.c.seq == before).scalar_subquery()
    return ordered.where(tuple_(*place) < tuple_(last, before))


def _stored(row: Sequence[Any]) -> StoredAlert:
    return StoredAlert(*row)


def _chosen(filters: Filters, rows: int) -> Select[Any]:
    return select(*SHOWN).where(*_conditions(filters)).limit(min(rows, PAGE_ROWS_MAX))


def _conditions(filters: Filters) -> Iterator[ColumnElement[bool]]:
    same = {"kind": filters.kind, "drone_id": filters.drone_id, "state": filters.state}
    yield from (alerts.c[name] == value for name, value in same.items() if value is not None)
    if filters.area is not None:
        yield from _within(filters.area)
    if filters.from_ms is not None:
        yield alerts.c.time_ms >= filters.from_ms
    if filters.until_ms is not None:
        yield alerts.c.time_ms < filters.until_ms
    for word in (filters.text or "").casefold().split()[:SEARCH_WORDS_MAX]:
        yield _says(word, is_name_searched=filters.is_name_searched)


def _within(area: Area) -> Iterator[ColumnElement[bool]]:
    """An area whose west is east of its east lies across the 180th meridian."""
    yield alerts.c.latitude.between(area.south, area.north)
    if area.west <= area.east:
        yield alerts.c.longitude.between(area.west, area.east)
    else:
        yield or_(alerts.c.longitude >= area.west, alerts.c.longitude <= area.east)


def _says(word: str, *, is_name_searched: bool) -> ColumnElement[bool]:
    in_text = alerts.c.search_text.contains(word, autoescape=True)
    if not is_name_searched:
        return in_text
    return or_(in_text, alerts.c.search_name.contains(word, autoescape=True))
