"""The demo's self-check: the ledger of what was sent against what came out. Pure.

Each function gives the differences as lines to read; none if all is as it must be.
"""

from collections import Counter
from collections.abc import Iterable, Sequence, Set

from msgspec import Struct

from simulator import history_file
from simulator.ledger import Entry

SHOWN = 5


class Row(Struct, frozen=True, gc=False):
    """One row of the archive; content as in `content`, arrival in ms since the epoch.

    source is the report's; None for what is no report.
    """

    partition: int
    offset: int
    content: str | None
    arrived_ms: int = 0
    source: str | None = None


class PublishedAlert(Struct, frozen=True, gc=False):
    """One record of `alerts`; from its report's acknowledgement to its own, milliseconds.

    reported_ms: when its report arrived, ms since the epoch.
    """

    alert_id: str
    value: bytes
    latency_ms: int
    reported_ms: int = 0


Position = tuple[int | None, int | None]


def content(entry: Entry) -> str | None:
    """What a record was: its report_id, or, if it is no report, its value's digest."""
    return entry.report_id if entry.report_id is not None else entry.digest


def archive_differences(entries: Sequence[Entry], rows: Sequence[Row]) -> tuple[str, ...]:
    """Every acknowledged record stands in the archive once, as sent; nothing else does.

    Of a record whose outcome is unknown (no answer came) a copy may stand there or not.
    """
    sent = {(e.partition, e.offset): content(e) for e in entries if _is_acknowledged(e)}
    kept = Counter((row.partition, row.offset) for row in rows)
    altered = [_at(row) for row in rows if sent.get(_at(row), row.content) != row.content]
    maybe_sent = Counter(content(entry) for entry in entries if not _is_acknowledged(entry))
    strangers = Counter(row.content for row in rows if _at(row) not in sent) - maybe_sent
    return _found(
        _positions("acknowledged, but not in the archive", sent.keys() - kept.keys()),
        _positions("in the archive more than once", [at for at, n in kept.items() if n > 1]),
        _positions("in the archive with another content than was sent", altered),
        _listed("in the archive, but never sent", [str(name) for name in strangers.elements()]),
    )


def alert_differences(
    entries: Sequence[Entry], alerts: Sequence[PublishedAlert]
) -> tuple[str, ...]:
    """The distinct alert ids are those the ledger expects, each with one content.

    Reports whose outcome is unknown may have raised theirs or not.
    """
    expected = {name for e in entries if _is_acknowledged(e) for name in e.alerts}
    possible = {name for entry in entries for name in entry.alerts}
    published = {alert.alert_id for alert in alerts}
    contents = Counter(name for name, _ in {(alert.alert_id, alert.value) for alert in alerts})
    return _found(
        _listed("expected, but not published, alert", expected - published),
        _listed("published, but not expected, alert", published - possible),
        _listed("published with two contents, alert", [i for i, n in contents.items() if n > 1]),
    )


def notice_differences(
    alerts: Sequence[PublishedAlert], notices: Sequence[Sequence[str]], what: str
) -> tuple[str, ...]:
    """Each published alert stands in one notice, once: alone or in a digest; notices: their ids.

    what: "mailed", "posted"; "on the website", where a page of alerts is a notice.
    """
    published = {alert.alert_id for alert in alerts}
    carried = Counter(name for notice in notices for name in notice)
    return _found(
        _listed(f"published, but not {what}, alert", published - carried.keys()),
        _listed(f"{what} more than once, alert", [name for name, n in carried.items() if n > 1]),
        _listed(f"{what}, but not published, alert", carried.keys() - published),
    )


def history_differences(
    entries: Sequence[history_file.Entry], rows: Sequence[Row], rejected_lines: Sequence[int]
) -> tuple[str, ...]:
    """Each sound row of the file stands in the archive once; each of the others was set aside."""
    sent = history_file.report_ids(entries)
    kept = Counter(str(row.content) for row in rows)
    unsound = Counter(map(str, history_file.unsound_lines(entries)))
    rejected = Counter(map(str, rejected_lines))
    return _found(
        _listed("of history, but not in the archive", list((sent - kept).elements())),
        _listed("in the archive, but not of history", list((kept - sent).elements())),
        _listed("no report, but not set aside, line", list((unsound - rejected).elements())),
        _listed("set aside, but a report, line", list((rejected - unsound).elements())),
    )


def _is_acknowledged(entry: Entry) -> bool:
    return entry.outcome == "acknowledged"


def _at(row: Row) -> Position:
    return row.partition, row.offset


def _positions(what: str, positions: Iterable[Position]) -> str | None:
    return _listed(what, [f"partition {partition} offset {at}" for partition, at in positions])


def _listed(what: str, names: Sequence[str] | Set[str]) -> str | None:
    """`3 records <what>: a, b, c`, or None if there are none; the first few in order."""
    if not names:
        return None
    shown = ", ".join(sorted(names)[:SHOWN])
    return f"{what}: {len(names)} ({shown}{', ...' if len(names) > SHOWN else ''})"


def _found(*differences: str | None) -> tuple[str, ...]:
    return tuple(difference for difference in differences if difference)
