"""When a violation was seen: the row's date and its time in New York, to UTC. Pure.

Dates are American where they have slashes (MM/DD/YYYY), else the year comes first (ISO 8601, or
YYYYMMDD) or the month has a name. Dashes or dots with the year last are not read: which number is
the month nobody can know. A date's own time (`2013-08-04T00:00:00.000` of the open data API) says
nothing.

Times are `0857A`, `1230P`, with or without colon, `M`, leading zero. `00xx` and `12xx` are both the
hour after midnight (A) or noon (P). Without A or P a time is read where only one can be meant:
with a colon (`08:57`, as tools write a 24-hour clock), or where the hour is 0 or above 12.
"""

import re
from datetime import UTC, date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from services.loading.reasons import Reason, Rejection

NEW_YORK = ZoneInfo("America/New_York")
FIRST_DAY = date(1970, 1, 1)
# Longer ones are no dates or times; and what is remembered of past rows stays small.
TEXT_MAX_CHARACTERS = 40

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_CLOCK = r"(?:[ T]+\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?(?: ?[AP]M)?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?)?"
_DATES = tuple(
    re.compile(pattern + _CLOCK, re.ASCII | re.IGNORECASE)
    for pattern in (
        r"(?P<month>\d{1,2})/(?P<day>\d{1,2})/(?P<year>\d{4}|\d\d)",
        r"(?P<year>\d{4})([-/])(?P<month>\d{1,2})\2(?P<day>\d{1,2})",
        r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)",
        r"(?P<day>\d{1,2})[- ]?(?P<month>[a-z]{3})[a-z]*[- ]?(?P<year>\d{4}|\d\d)",
        r"(?P<month>[a-z]{3})[a-z]* (?P<day>\d{1,2}),? (?P<year>\d{4})",
    )
)
_TIME = re.compile(
    r"(?P<hour>\d{1,2}) ?(?P<colon>:?) ?(?P<minute>\d\d)(?::\d\d(?:\.\d+)?)? ?"
    r"(?:(?P<half>[AP])\.? ?(?:M\.?)?)?",
    re.ASCII | re.IGNORECASE,
)


@lru_cache(maxsize=16_384)
def _utc_hour(day: date, hour: int) -> datetime:
    """The hour in UTC; New York's offset is whole hours since 1883.

    Of the hour that comes twice in autumn it is the first; in the one that is left out in spring
    clocks are taken to stand on winter time still.
    """
    return datetime(day.year, day.month, day.day, hour, tzinfo=NEW_YORK).astimezone(UTC)


def moment(day: str, time: str, today: date) -> datetime | Rejection:
    """When it was, in UTC; a day after today, or before FIRST_DAY, is impossible."""
    when = _day(day) if len(day) <= TEXT_MAX_CHARACTERS else Rejection(Reason.DATE, day)
    if isinstance(when, Rejection):
        return when
    if not FIRST_DAY <= when <= today:
        return Rejection(Reason.DATE_RANGE, day)
    clock = _clock(time) if len(time) <= TEXT_MAX_CHARACTERS else Rejection(Reason.TIME, time)
    if isinstance(clock, Rejection):
        return clock
    hour, minute = clock
    return _utc_hour(when, hour).replace(minute=minute)


@lru_cache(maxsize=8_192)
def _day(text: str) -> date | Rejection:
    if not text:
        return Rejection(Reason.DATE_BLANK)
    match = next(filter(None, (pattern.fullmatch(text) for pattern in _DATES)), None)
    try:
        return _date_of(match) if match else Rejection(Reason.DATE, text)
    except ValueError:
        return Rejection(Reason.DATE, text)


def _date_of(match: re.Match[str]) -> date:
    year, month = int(match["year"]), match["month"].lower()
    number = int(month) if month.isdecimal() else _MONTHS.index(month) + 1
    # Two digits, as spreadsheets abbreviate: 1970 to 2069.
    full_year = year if len(match["year"]) == 4 else year + (1900 if year >= 70 else 2000)
    return date(full_year, number, int(match["day"]))


@lru_cache(maxsize=8_192)
def _clock(text: str) -> tuple[int, int] | Rejection:
    """Hour (0 to 23) and minute."""
    if not text:
        return Rejection(Reason.TIME_BLANK)
    match = _TIME.fullmatch(text)
    hour = _hour(match) if match else None
    if match is None or hour is None or int(match["minute"]) > 59:
        return Rejection(Reason.TIME, text)
    return hour, int(match["minute"])


def _hour(match: re.Match[str]) -> int | None:
    hour, half = int(match["hour"]), (match["half"] or "").upper()
    if half:
        return hour % 12 + 12 * (half == "P") if hour <= 12 else None
    is_clear = match["colon"] or (len(match["hour"]) == 2 and not 1 <= hour <= 12)
    return hour if is_clear and hour <= 23 else None
