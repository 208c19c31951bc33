"""Which headers are known, in every tool's spelling, and why others are refused."""

from datetime import date

import pytest

from services.loading.columns import Columns, Refusal, columns_in
from services.loading.headings import HEADING_BYTES, Heading, heading
from services.loading.lines import rows
from services.loading.reasons import Rejection
from services.loading.rows import report
from services.loading.splitting import Position
from services.reports.report import Report
from tests.loading.tables import TODAY

TITLES = ("Summons Number", "Issue Date", "Violation Code", "Violation Time", "Street Name", "NTA")
VALUES = ("1283294138", "08/04/2013", "46", "0752A", "BROADWAY", "")
SPELLINGS = {
    "title case": TITLES,
    "the API's": tuple(name.lower().replace(" ", "_") for name in TITLES),
    "R's": tuple(name.replace(" ", ".") for name in TITLES),
    "trailing spaces": tuple(name + "   " for name in TITLES),
    "capitals": tuple(name.upper() for name in TITLES),
    "no spaces": tuple(name.replace(" ", "") for name in TITLES),
    "camel case": tuple(name[0].lower() + name[1:].replace(" ", "") for name in TITLES),
}


def found(text: str | bytes) -> Heading:
    beginning = text.encode() if isinstance(text, str) else text
    heading_found = heading(beginning[:HEADING_BYTES])
    assert isinstance(heading_found, Heading), heading_found
    return heading_found


def refusal(text: str | bytes) -> str:
    refused = heading(text.encode() if isinstance(text, str) else text)
    assert isinstance(refused, Refusal)
    assert refused.reason.isprintable()
    return refused.reason


def contents(text: str, today: date = TODAY) -> list[Report | Rejection]:
    """What the whole text's rows are."""
    whole, head = text.encode(), found(text)
    return [
        row.fields if isinstance(row.fields, Rejection) else report(row.fields, head.columns, today)
        for row in rows((whole[head.end.offset :],), head.end, head.columns)
    ]


def is_whole(content: Report | Rejection) -> bool:
    return (
        isinstance(content, Report)
        and content.report_id == "nypd-1283294138"
        and content.location is not None
        and content.location.place == "BROADWAY"
    )


@pytest.mark.parametrize("mark", ["", "\ufeff", "\n", "\ufeff\n\n", "Parking 2014\n\n", "sep=X\n"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("names", SPELLINGS.values(), ids=SPELLINGS)
def test_a_header_is_known_in_every_tools_spelling(
    names: tuple[str, ...], separator: str, mark: str
) -> None:
    quoted = [f'"{name}"' for name in names]
    for header in (names, quoted):
        text = "\n".join((mark + separator.join(header), separator.join(VALUES), ""))

        assert [is_whole(content) for content in contents(text)] == [True]


def test_columns_are_found_in_any_order_and_among_any_others() -> None:
    names = ("", "Plate ID", *reversed(TITLES), "Fine Amount", "")
    fields = ["1", "GBB9093", *reversed(VALUES), "115", ""]
    columns = columns_in(names)

    assert isinstance(columns, Columns)
    assert is_whole(report(fields, columns, TODAY))


def test_rows_begin_behind_the_header() -> None:
    head = found("\ufeff\r\n" + ",".join(TITLES) + "\r\n" + ",".join(VALUES))

    assert head.end == Position(3 + 2 + len(",".join(TITLES)) + 2, 3)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("\n\n\r\n", "empty"),
        ("\ufeff", "empty"),
        ("a,b,c,d,e,f\n1,2,3,4,5,6", "no known header: summons number, issue date"),
        ("Summons Number,Issue Date,Violation Code\n", "no known header: violation time missing"),
        ("Summons Number;Issue Date;Violation Code\n", "no known header: violation time missing"),
        (",".join(VALUES), "no known header"),
        ("{" + '"summons_number":"1283294138"}\n' * 100, "no known header"),
        ("<html><body>\n" * 100, "no known header"),
        ("title\n" * 100 + ",".join(TITLES), "no known header"),
        (",".join((*TITLES, "Issue Date")), "unclear header: issue date more than once"),
        (",".join(TITLES).encode("utf-16"), "UTF-16"),
        (",".join(TITLES).encode("utf-16-be"), "UTF-16"),
        (b"PK\x03\x04 anything", "a zip archive or a spreadsheet"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a spreadsheet"),
        (b"\x1f\x8b\x08\x00", "compressed"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "no known header"),
        (bytes(1000), "UTF-16"),
        (b"x" * HEADING_BYTES, "no known header"),
        (b'"' + ",".join(TITLES).encode(), "no known header"),
    ],
)
def test_what_has_no_known_header_is_refused_with_the_reason(text: str | bytes, words: str) -> None:
    assert words in refusal(text)


def test_a_row_above_the_header_is_not_passed_over_as_a_title() -> None:
    assert "no known header" in refusal("\n".join((",".join(VALUES), ",".join(TITLES))))


def table(header: tuple[str, ...], *lines: tuple[str, ...], separator: str = ",") -> str:
    return "\n".join(separator.join(line) for line in (header, *lines)) + "\n"


def test_the_row_names_of_r_are_no_shift_of_the_columns() -> None:
    named = [(f'"{number}"', *VALUES) for number in range(1, 30)]
    values = ("NA", *VALUES[1:])

    assert all(is_whole(content) for content in contents(table(TITLES, *named)))
    assert not is_whole(contents(table(TITLES, *named, ('"30"', *values)))[-1])


def test_what_r_writes_with_spaces_between_quoted_values_is_read() -> None:
    names = tuple(f'"{name.replace(" ", ".")}"' for name in TITLES)
    row = ("1283294138", '"08/04/2013"', "46", '"0752A"', '"BROADWAY"', "NA")
    lines = [(f'"{number}"', *row) for number in range(1, 30)]

    assert all(is_whole(content) for content in contents(table(names, *lines, separator=" ")))


def test_a_separator_at_the_end_of_every_row_is_no_field() -> None:
    lines = [(*VALUES, "")] * 20

    assert all(is_whole(content) for content in contents(table(TITLES, *lines)))


def test_separators_that_excel_leaves_out_at_the_end_are_not_missed() -> None:
    header = (*TITLES, "Latitude", "Longitude")
    lines = [(*VALUES, "", "")] * 15 + [VALUES[:-1]] * 16 + [VALUES] * 16

    assert all(is_whole(content) for content in contents(table(header, *lines)))


@pytest.mark.parametrize("damaged", [VALUES[:-1], (*VALUES, ""), ("1", *VALUES)])
def test_fewer_than_most_rows_with_a_wrong_number_of_fields_are_damaged_ones(
    damaged: tuple[str, ...],
) -> None:
    for lines in ([damaged], [damaged] * 9, [damaged, damaged, VALUES] * 20):
        kept = [is_whole(content) for content in contents(table(TITLES, *lines))]

        assert kept == [line == VALUES for line in lines]


@pytest.mark.parametrize("count", [1, 2, 15, 16, 200])
def test_rows_that_are_all_too_short_are_damaged_ones(count: int) -> None:
    lines = [VALUES[:-1]] * count

    assert not any(is_whole(content) for content in contents(table(TITLES, *lines)))
