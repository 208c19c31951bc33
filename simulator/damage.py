"""What is wrong with rows of a history file that is plainly wrong: no loader may send them. Pure.

A reason each, as in `simulator.faults` for records. The lighter dirt, with which a row is still a
report, belongs to `simulator.summonses`.
"""

import csv
import random
from collections.abc import Callable
from io import StringIO

from simulator.summonses import COLUMNS

NUMBER, DATE, CODE, TIME, STREET = map(
    COLUMNS.index,
    ("Summons Number", "Issue Date", "Violation Code", "Violation Time", "Street Name"),
)
LONG_LINE_BYTES = 100_000

# A sound row without its line break -> the line that takes its place.
Damage = Callable[[str, random.Random], bytes]


def _with(column: int, *values: str) -> Damage:
    """Another value in the column."""

    def damaged(row: str, rng: random.Random) -> bytes:
        fields = next(csv.reader([row]))
        return _line([*fields[:column], rng.choice(values), *fields[column + 1 :]])

    return damaged


def _line(fields: list[str]) -> bytes:
    text = StringIO()
    csv.writer(text, lineterminator="").writerow(fields)
    return text.getvalue().encode()


def _in_street(mark: bytes) -> Damage:
    """These bytes, as they are, in front of the street's name."""

    def damaged(row: str, rng: random.Random) -> bytes:  # noqa: ARG001
        fields = next(csv.reader([row]))
        before, after = _line(fields[:STREET]), _line(fields[STREET + 1 :])
        return b",".join((before, mark + fields[STREET].replace(",", "").encode(), after))

    return damaged


def _field_missing(row: str, rng: random.Random) -> bytes:
    fields = next(csv.reader([row]))
    gone = rng.randrange(len(fields))
    return _line([*fields[:gone], *fields[gone + 1 :]])


def _truncated(row: str, rng: random.Random) -> bytes:
    return row[: rng.randrange(1, len(row))].encode()


def _header_again(row: str, rng: random.Random) -> bytes:  # noqa: ARG001
    """As where two files were put one behind the other."""
    return _line(list(COLUMNS))


# Dates far enough ahead to be in the future for as long as this simulator is run.
DAMAGE: dict[str, Damage] = {
    "time_blank": _with(TIME, ""),
    "time_impossible": _with(TIME, "1520P", "8445P", "09+4A", "1260P", "0870A"),
    "date_impossible": _with(DATE, "", "02/30/2014", "00/00/0000", "07/32/2013"),
    "date_in_future": _with(DATE, "07/04/2145", "06/12/2153"),
    "code_impossible": _with(CODE, "", "0", "123", "4O", "-1"),
    "number_lost": _with(NUMBER, "", "1.28E+09"),
    "field_missing": _field_missing,
    "field_too_many": _in_street(b"NEAR,"),
    "header_again": _header_again,
    "truncated": _truncated,
    "quote_broken": _in_street(b'"NEAR '),
    "utf8_broken": _in_street(b"\xff"),
    "latin_1": _in_street(b"CAF\xc9 "),
    "null_byte": _in_street(b"\0"),
    "too_long": _in_street(b"X" * LONG_LINE_BYTES),
}
# Of the real files' bad rows most lack a time; long lines would fill the disk.
WEIGHTS = {"time_blank": 20, "too_long": 0.1}


def fault(rng: random.Random) -> str:
    """One of DAMAGE, as often as it is met."""
    return rng.choices(list(DAMAGE), [WEIGHTS.get(name, 1) for name in DAMAGE])[0]
