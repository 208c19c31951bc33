"""One row of "Parking Violations Issued" to a report, or why it is none. Pure.

Plate and registration are not taken over: nobody needs them.
"""

import re
from collections.abc import Sequence
from datetime import date

from services.loading.boroughs import borough
from services.loading.columns import Columns, is_header
from services.loading.moments import moment
from services.loading.places import place
from services.loading.reasons import Reason, Rejection
from services.reports.report import Location, Report, Source, Violation

SOURCE: Source = "nypd"
# One name for all of history: which officer or camera it was nobody needs to know.
DRONE_ID = "nypd-history"
REPORT_ID_PREFIX = "nypd-"
PLACE_MAX_CHARACTERS = 1_000
# How tools write that there is nothing.
_BLANKS = ("", "-", "--", "NA", "N/A", "#N/A", "<NA>", "NULL", "(NULL)", "NONE", "NAN", "\\N")
BLANKS = frozenset(
    ("NaN", "NaT", *(way(blank) for blank in _BLANKS for way in (str, str.lower, str.title)))
)

# Thousands as spreadsheets of several countries part them.
_GROUPED = re.compile(r"\d{1,3}([., '\u00a0\u202f])\d{3}(?:\1\d{3})+", re.ASCII)
# '1283294138 and ="1283294138" are what keeps spreadsheets from rounding it.
_SUMMONS_NUMBER = re.compile(r"""(?:'|(=?"))?0*([1-9]\d{6,11})(?:[.,]0*)?(?(1)")""", re.ASCII)
# All digits are there: 1.283294138E9; of 1.28E+09 most are lost.
_SCIENTIFIC = re.compile(r"([1-9])\.(\d{9})E\+?0?9", re.ASCII | re.IGNORECASE)
_CODE = re.compile(r"0*([1-9]\d?)(?:[.,]0*)?", re.ASCII)


def report(fields: Sequence[str], columns: Columns, today: date) -> Report | Rejection:
    """The row's report; or the first reason why there is none. today: the last day there may be."""
    number = _summons_number(_value(fields, columns.summons_number))
    if number is None:
        return _without_number(fields, columns)
    day, time = _value(fields, columns.issue_date), _value(fields, columns.violation_time)
    when = moment(day, time, today)
    if isinstance(when, Rejection):
        return when
    code = _CODE.fullmatch(_value(fields, columns.violation_code))
    if code is None:
        return Rejection(Reason.CODE, fields[columns.violation_code])
    where = _place(fields, columns)
    if where is not None and len(where) > PLACE_MAX_CHARACTERS:
        return Rejection(Reason.PLACE, where)
    return Report(
        report_id=REPORT_ID_PREFIX + number,
        drone_id=DRONE_ID,
        time=when,
        source=SOURCE,
        location=Location(place=where) if where else None,
        violation=Violation(code[1]),
    )


def _without_number(fields: Sequence[str], columns: Columns) -> Rejection:
    if is_header(fields):
        return Rejection(Reason.HEADER)
    return Rejection(Reason.SUMMONS_NUMBER, fields[columns.summons_number])


def _summons_number(text: str) -> str | None:
    """The digits without leading zeros, however a tool wrote the number."""
    if len(text) == 10 and text.isascii() and text.isdecimal() and text[0] != "0":
        return text
    scientific = _SCIENTIFIC.fullmatch(text)
    if scientific:
        return scientific[1] + scientific[2]
    groups = _GROUPED.fullmatch(text)
    match = _SUMMONS_NUMBER.fullmatch(text.replace(groups[1], "") if groups else text)
    return match[2] if match else None


def _place(fields: Sequence[str], columns: Columns) -> str | None:
    precinct = _value(fields, columns.violation_precinct)
    known = precinct if precinct.strip("0") else _value(fields, columns.violation_location)
    return place(
        _value(fields, columns.house_number),
        _value(fields, columns.street_name),
        _value(fields, columns.intersecting_street),
        borough(_value(fields, columns.violation_county), known),
    )


def _value(fields: Sequence[str], index: int) -> str:
    """The field's text, empty where the column or the value is missing."""
    text = fields[index].strip() if index >= 0 else ""
    return "" if text in BLANKS else text
