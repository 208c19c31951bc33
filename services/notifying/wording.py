"""What a notice says to a person, before it is text or HTML. Pure; for e-mail and log.

Names, places and words come from drones: nothing of them reaches a page that is not printable, or
that is longer than a line.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from services.notifying.notice import Notice
from services.reports.alert import Alert, Detail
from services.reports.report import Location, Telemetry

NAME_MAX_CHARACTERS = 80
LINE_MAX_CHARACTERS = 300
WORDS_SHOWN = 40
GROUPS_SHOWN = 20

KINDS = {"violation": "Violation", "agitation": "Agitation", "maintenance": "Maintenance"}

Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of as many cells as there are columns."""

    title: str
    columns: Row
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """A headline of one line, facts as label and text, a map of the place, tables."""

    headline: str
    facts: tuple[tuple[str, str], ...]
    map_url: str | None = None
    tables: tuple[Table, ...] = ()


def page_of(notice: Notice) -> Page:
    """A single alert with all that is known of it; a digest's counts, then its alerts by line."""
    if notice.is_digest:
        return _digest_page(notice.alerts)
    return _alert_page(notice.alerts[0])


def headline(notice: Notice) -> str:
    """What it is about, for a subject line: at most 250 printable characters."""
    if notice.is_digest:
        return _digest_headline(notice.alerts)
    return _alert_headline(notice.alerts[0])


def printable(text: str, max_characters: int = NAME_MAX_CHARACTERS) -> str:
    """In one line: any white space is a space, what cannot be printed a replacement character."""
    kept = text if len(text) <= max_characters else f"{text[: max_characters - 1]}…"
    return "".join(_printable(character) for character in kept).strip()


def _printable(character: str) -> str:
    if character.isspace():
        return " "
    return character if character.isprintable() else "\ufffd"


def _alert_headline(alert: Alert) -> str:
    place = _place(alert)
    return f"{_title(alert)}, {f'near {place}' if place else f'drone {printable(alert.drone_id)}'}"


def _digest_headline(alerts: Sequence[Alert]) -> str:
    subjects = {(alert.kind, alert.subject) for alert in alerts}
    count, period = f"{len(alerts)} alerts", _period(alerts)
    if len(subjects) == 1:
        return f"{_title(alerts[0])}, {count}, {period}"
    drones = len({alert.drone_id for alert in alerts})
    return f"{count}, {period}, {drones} drone{'s' if drones > 1 else ''}"


def _title(alert: Alert) -> str:
    separator = " " if alert.kind == "violation" else ": "
    return f"{KINDS[alert.kind]}{separator}{printable(alert.subject)}"


def _place(alert: Alert) -> str:
    return printable((alert.location and alert.location.place) or alert.detail.place or "")


def _alert_page(alert: Alert) -> Page:
    position = _position(alert.location)
    facts = {
        "Time": f"{_utc(alert.time):%Y-%m-%d %H:%M:%S} UTC",
        "Place": _place(alert),
        "Position": position or "",
        "Drone": printable(alert.drone_id),
        "Its state": _state(alert.detail.telemetry),
        "Words heard": _words(alert.detail),
        "Report": printable(alert.report_id, LINE_MAX_CHARACTERS),
        "Alert": printable(alert.alert_id, LINE_MAX_CHARACTERS),
    }
    known = tuple((label, fact) for label, fact in facts.items() if fact)
    return Page(_alert_headline(alert), known, position and _map_url(position))


def _position(location: Location | None) -> str | None:
    if location is None or location.latitude is None or location.longitude is None:
        return None
    return f"{location.latitude:.5f}, {location.longitude:.5f}"


def _map_url(position: str) -> str:
    latitude, longitude = position.split(", ")
    where = f"mlat={latitude}&mlon={longitude}#map=18/{latitude}/{longitude}"
    return f"https://www.openstreetmap.org/?{where}"


def _words(detail: Detail) -> str:
    shown = ", ".join(printable(word) for word in detail.words[:WORDS_SHOWN])
    left = max(0, len(detail.words) - WORDS_SHOWN) + detail.words_omitted
    return f"{shown} and {left} more" if left > 0 else shown


def _state(telemetry: Telemetry | None) -> str:
    if telemetry is None:
        return ""
    state = (
        f"battery {telemetry.battery:.0%}, motor {telemetry.motor_temperature_celsius:.0f} °C,"
        f" vibration {telemetry.vibration_g:.2f} g, {telemetry.flight_hours:.0f} flight hours,"
        f" signal {telemetry.signal_dbm:.0f} dBm"
    )
    return printable(state, LINE_MAX_CHARACTERS)


def _digest_page(alerts: Sequence[Alert]) -> Page:
    kinds: Counter[Row] = Counter((KINDS[alert.kind],) for alert in alerts)
    groups: Counter[Row] = Counter(
        (printable(alert.drone_id), KINDS[alert.kind], printable(alert.subject)) for alert in alerts
    )
    by_time = sorted(alerts, key=lambda alert: _utc(alert.time))
    return Page(
        headline=_digest_headline(alerts),
        facts=(("Period", _period(alerts, with_day=True)), ("Alerts", str(len(alerts)))),
        tables=(
            _counted("By kind", ("Kind",), kinds),
            _counted("By drone and subject", ("Drone", "Kind", "Subject"), groups),
            Table("Each alert", ALERT_COLUMNS, tuple(_alert_row(alert) for alert in by_time)),
        ),
    )


ALERT_COLUMNS = ("Time (UTC)", "Kind", "Subject", "Drone", "Place", "Alert")


def _alert_row(alert: Alert) -> Row:
    return (
        f"{_utc(alert.time):%Y-%m-%d %H:%M:%S}",
        KINDS[alert.kind],
        printable(alert.subject),
        printable(alert.drone_id),
        _place(alert),
        printable(alert.alert_id, LINE_MAX_CHARACTERS),
    )


def _counted(title: str, columns: Row, counts: Counter[Row]) -> Table:
    """The most frequent first; what is left out is counted in a last row."""
    frequent = counts.most_common(GROUPS_SHOWN)
    rest = [count for _, count in counts.most_common()[GROUPS_SHOWN:]]
    blanks = ("",) * (len(columns) - 1)
    more = ((str(sum(rest)), f"{len(rest)} more", *blanks),) if rest else ()
    rows = tuple((str(count), *group) for group, count in frequent)
    return Table(title, ("Alerts", *columns), rows + more)


def _period(alerts: Iterable[Alert], *, with_day: bool = False) -> str:
    times = [_utc(alert.time) for alert in alerts]
    first, last = min(times), max(times)
    is_one_day = first.date() == last.date()
    begin = f"{first:%H:%M}" if is_one_day and not with_day else f"{first:%Y-%m-%d %H:%M}"
    end = f"{last:%H:%M}" if is_one_day else f"{last:%Y-%m-%d %H:%M}"
    return (
        f"{begin} to {end} UTC" if f"{first:%Y%m%d%H%M}" != f"{last:%Y%m%d%H%M}" else f"{begin} UTC"
    )


def _utc(time: datetime) -> datetime:
    """In UTC; the first and the last year, some of whose hours are none there, as they are."""
    return time.astimezone(UTC) if 1 < time.year < 9999 else time.replace(tzinfo=UTC)
