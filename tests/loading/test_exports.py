"""The same rows, as other tools write them, are the same reports."""

import csv
from collections.abc import Callable
from datetime import datetime
from io import StringIO
from typing import Literal

import pytest

from services.loading.headings import HEADING_BYTES, Heading, heading
from services.loading.lines import rows
from services.loading.reasons import Rejection
from services.loading.rows import report
from services.reports.report import Report
from tests.loading.tables import NAMES, TODAY, values

Table = list[list[str]]

STREETS = ("W 175 ST", "Broadway", "ATLANTIC AVE, NORTH", "the 'Hub'", "")
COUNTIES = ("NY", "K", "", "BX", "R", "Q")
DATE, TIME, PRECINCT, HOUSE = map(
    NAMES.index, ("Issue Date", "Violation Time", "Violation Precinct", "House Number")
)
# The last columns are empty in every row, as the official exports have them.
HEADER = [*NAMES, "Latitude", "Longitude"]
ROWS: Table = [
    [
        *values(
            Summons_Number=str(1_283_294_138 + number),
            Issue_Date=f"{number % 12 + 1:02}/{number % 28 + 1:02}/2013",
            Violation_Code=str(number % 99 + 1),
            Violation_Time=f"{number % 12:02}{number % 60:02}{'AP'[number % 2]}",
            Violation_County=COUNTIES[number % 6],
            Violation_Precinct=str(number % 124),
            House_Number=str(number % 7 * 10 or ""),
            Street_Name=STREETS[number % 5],
            Intersecting_Street="" if number % 3 else "ARCHER AVE",
        ),
        "",
        "",
    ]
    for number in range(200)
]


def written(table: Table, *, separator: str = ",", end: str = "\n", quoted: bool = False) -> str:
    text = StringIO()
    quoting: Literal[0, 1] = csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL
    writer = csv.writer(text, delimiter=separator, lineterminator=end, quoting=quoting)
    writer.writerows(table)
    return text.getvalue()


def reports_in(text: bytes) -> list[Report | Rejection]:
    head = heading(text[:HEADING_BYTES])
    assert isinstance(head, Heading), head
    return [
        row.fields if isinstance(row.fields, Rejection) else report(row.fields, head.columns, TODAY)
        for row in rows((text[head.end.offset :],), head.end, head.columns)
    ]


def changed(column: int, change: Callable[[str], str], table: Table) -> Table:
    return [[*row[:column], change(row[column]), *row[column + 1 :]] for row in table]


def dated(form: str) -> Table:
    return changed(DATE, lambda text: f"{datetime.strptime(text, '%m/%d/%Y'):{form}}", ROWS)


def short_dates() -> Table:
    return changed(DATE, lambda text: text.lstrip("0").replace("/0", "/"), ROWS)


def by_official_download() -> bytes:
    return written([HEADER, *ROWS]).encode()


def by_open_data_api() -> bytes:
    names = [name.lower().replace(" ", "_") for name in HEADER]
    table = dated("%Y-%m-%dT%H:%M:%S.000")
    return written([names, *table], quoted=True).encode()


def by_excel_in_germany() -> bytes:
    return written([HEADER, *short_dates()], separator=";", end="\r\n").encode("utf-8-sig")


def by_excel_block_by_block() -> bytes:
    first, later = [HEADER, *ROWS[:15]], [row[:-2] for row in ROWS[15:]]
    return written([*first, *later], end="\r\n").encode()


def by_excel_on_an_old_mac() -> bytes:
    return written([HEADER, *short_dates()], end="\r").encode()


def by_libreoffice() -> bytes:
    table = changed(TIME, lambda text: f"{text[:2]}:{text[2:4]} {text[4]}M", dated("%m/%d/%y"))
    return written([HEADER, *table], separator="\t").encode()


def by_r() -> bytes:
    names = ["", *(name.replace(" ", ".") for name in HEADER)]
    table = [[str(number), *row] for number, row in enumerate(dated("%Y-%m-%d"), 1)]
    text = written([names, *table], quoted=True)
    return text.replace('""', "NA").encode()


def by_r_write_table() -> bytes:
    names = [name.replace(" ", ".") for name in HEADER]
    table = [[str(number), *row] for number, row in enumerate(ROWS, 1)]
    text = written([names, *table], separator=" ", quoted=True)
    return text.replace('""', "NA").encode()


def by_pandas() -> bytes:
    names = ["", *HEADER]
    floats = changed(PRECINCT, "{}.0".format, changed(HOUSE, lambda t: t and f"{t}.0", ROWS))
    table = [[str(number), f"{row[0]}.0", *row[1:]] for number, row in enumerate(floats)]
    return written([names, *table]).encode()


def by_a_database() -> bytes:
    table = [[text or "\\N" for text in row] for row in dated("%Y-%m-%d %H:%M:%S")]
    return written([[name.upper() for name in HEADER], *table], separator="|").encode()


EXPORTS = (
    *(by_official_download, by_open_data_api, by_excel_in_germany, by_excel_block_by_block),
    *(by_excel_on_an_old_mac, by_libreoffice, by_r, by_r_write_table, by_pandas, by_a_database),
)


@pytest.mark.parametrize("export", EXPORTS, ids=lambda export: export.__name__)
def test_the_same_rows_are_the_same_reports_by_whatever_tool(export: Callable[[], bytes]) -> None:
    found = reports_in(export())

    assert found == reports_in(by_official_download())
    assert len(found) == len(ROWS)
    assert all(isinstance(content, Report) for content in found)
