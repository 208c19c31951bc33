"""What the website asks of its database, by what people do. For bench.big_tables."""

from collections.abc import Callable
from dataclasses import replace

from sqlalchemy import Connection, select

from bench.crowded import RARE_WORD, WORDS, seen_at_ms
from services.website.queries import PAGE_ROWS, SHOWN, Area, Filters, counts, later, newest
from services.website.schema import alerts

HOUR_MS = 3_600_000
CURSOR, OFFSET = "page half-way down, by cursor", "page half-way down, by OFFSET (peer)"

Ask = Callable[[Connection], object]


def asked_by(rows: int) -> dict[str, Ask]:
    """Of a database with so many alerts, as bench.crowded makes them."""
    filtered = {f"filter: {what}": _page_of(chosen) for what, chosen in filters(rows).items()}
    return {
        "first page": newest,
        CURSOR: lambda c: newest(c, before=rows - rows // 2 + 1),
        OFFSET: lambda c: _by_offset(c, rows // 2),
        **filtered,
        "counts by state": counts,
        "live: what came since (4 alerts)": lambda c: later(c, rows - 4),
    }


def filters(rows: int) -> dict[str, Filters]:
    """Usual ones; and those that leave least, which are the hardest."""
    long_ago_ms = seen_at_ms(rows // 10)
    hour = Filters(from_ms=long_ago_ms, until_ms=long_ago_ms + HOUR_MS)
    day = replace(hour, until_ms=long_ago_ms + 24 * HOUR_MS)
    return {
        "kind": Filters(kind="violation"),
        "rare kind": Filters(kind="maintenance"),
        "drone": Filters(drone_id="drone-77"),
        "state of none": Filters(state="acknowledged"),
        "state of the older nine tenths": Filters(state="closed"),
        "area, 200 m wide": Filters(area=Area(40.6, -74.1, 40.602, -74.098)),
        "area, half the city": Filters(area=Area(40.6, -74.1, 40.8, -73.9)),
        "area of none, latitudes of many": Filters(area=Area(40.6, 10.0, 40.8, 20.0)),
        "an hour, long ago": hour,
        "a day, long ago": day,
        "a day, and state of none in it": replace(day, state="new"),
        "a day, and drone": replace(day, drone_id="drone-77"),
        "word of all": Filters(text="rain"),
        "word of one in 500": Filters(text=WORDS[123]),
        "word of the oldest alert only": Filters(text=RARE_WORD),
        "word of none": Filters(text="quixotic"),
        "word of none, or a name (operators)": Filters(text="quixotic", is_name_searched=True),
        "two letters of none": Filters(text="qx"),
        "two letters of none, and drone": Filters(text="qx", drone_id="drone-77"),
    }


def _page_of(chosen: Filters) -> Ask:
    return lambda connection: newest(connection, chosen)


def _by_offset(connection: Connection, offset: int) -> object:
    page = select(*SHOWN).order_by(alerts.c.seq.desc()).limit(PAGE_ROWS).offset(offset)
    return connection.execute(page).all()
