"""How bytes fall into rows: what is one row, what is rejected, and what a damage leaves alone."""

from collections.abc import Iterator

import pytest

from services.loading.lines import FURTHER_LINES_MAX, Row, rows
from services.loading.reasons import Reason, Rejection
from services.loading.splitting import LINE_MAX_BYTES, Position
from tests.loading.tables import columns

COLUMNS = columns("Summons Number", "Issue Date", "Violation Time", "Violation Code", "Street Name")
SOUND = b"1283294138,08/04/2013,0752A,46,BROADWAY"
FIELDS = SOUND.decode().split(",")


def rows_of(text: bytes, separator: str = ",") -> list[Row]:
    those = columns(
        *("Summons Number", "Issue Date", "Violation Time", "Violation Code", "Street Name"),
        separator=separator,
    )
    return list(rows((text,), Position(), those))


def reasons(text: bytes) -> list[Reason | None]:
    """Of each row, None for a sound one."""
    return [
        row.fields.reason if isinstance(row.fields, Rejection) else None for row in rows_of(text)
    ]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_every_line_break_ends_a_row_and_the_last_one_may_miss(end: bytes) -> None:
    for text in (end.join((SOUND, SOUND)), end.join((SOUND, SOUND, b""))):
        assert [row.fields for row in rows_of(text)] == [FIELDS, FIELDS]


def test_a_row_knows_where_it_stands() -> None:
    first, second = rows_of(b"\r\n" + SOUND + b"\r\n\n" + SOUND)

    assert (first.line_number, first.start, first.end) == (2, 2, 2 + len(SOUND) + 2)
    assert first.raw == SOUND + b"\r\n"
    assert first.after == Position(first.end, 3)
    assert (second.line_number, second.start) == (4, first.end + 1)
    assert second.after == Position(second.start + len(SOUND), 5)


def test_reading_begins_at_the_position_it_is_told() -> None:
    (row,) = rows((SOUND,), Position(offset=1_000, line_number=17), COLUMNS)

    assert (row.line_number, row.start, row.end) == (17, 1_000, 1_000 + len(SOUND))


@pytest.mark.parametrize("blank", [b"", b"  ", b",,,,", b'"","",,,', b"\t", b"\x1a", b" , ,,,"])
def test_lines_without_a_value_are_no_rows(blank: bytes) -> None:
    assert reasons(blank + b"\n" + SOUND + b"\n" + blank) == [None]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_fields_are_split_at_the_headers_separator(separator: str) -> None:
    text = SOUND.replace(b",", separator.encode()) + f'\n1{separator}2,"3"\n"{separator}"'.encode()

    assert rows_of(text, separator)[0].fields == FIELDS
    assert rows_of(separator.encode().join([b"1", b'"a\nb"', b"3", b"4", b"5"]), separator)[
        0
    ].fields == ["1", "a\nb", "3", "4", "5"]


@pytest.mark.parametrize(
    ("text", "field"),
    [
        (b'"BROADWAY"', "BROADWAY"),
        (b'"BROADWAY, NORTH"', "BROADWAY, NORTH"),
        (b'"the ""Concourse"""', 'the "Concourse"'),
        (b'""', ""),
        (b'="1283294138"', '="1283294138"'),
        (b'"BROAD\nWAY"', "BROAD\nWAY"),
        (b'"BROAD\r\n\r\nWAY, ""B"""', 'BROAD\r\n\r\nWAY, "B"'),
        ("PE\u00d1A".encode(), "PE\u00d1A"),
        (b"O'HARA", "O'HARA"),
    ],
)
def test_a_field_is_read_as_the_format_says(text: bytes, field: str) -> None:
    row, following = rows_of(SOUND.replace(b"BROADWAY", text) + b"\n" + SOUND)

    assert row.fields == [*FIELDS[:-1], field]
    assert following.fields == FIELDS
    assert following.line_number == 2 + text.count(b"\n")
    assert row.after == Position(following.start, following.line_number)


@pytest.mark.parametrize(
    ("damaged", "reason"),
    [
        (SOUND + b",", Reason.FIELD_COUNT),
        (b"1283294138,08/04/2013,0752A,46", Reason.FIELD_COUNT),
        (b"hello", Reason.FIELD_COUNT),
        (SOUND.replace(b"ROAD", b"R\x00OAD"), Reason.NUL),
        (b"\x00" * 1_000, Reason.NUL),
        (SOUND.replace(b"ROAD", b"R\xd1OAD"), Reason.NOT_UTF8),
        (SOUND.replace(b"ROAD", b"\xed\xa0\x80"), Reason.NOT_UTF8),
        (SOUND.replace(b"BROAD", b'"BROAD'), Reason.QUOTE),
        (SOUND.replace(b"BROAD", b'BR"OAD'), Reason.QUOTE),
        (SOUND.replace(b"BROADWAY", b'"BROAD"WAY'), Reason.QUOTE),
        (b'"' + SOUND, Reason.QUOTE),
        (SOUND + b'"', Reason.QUOTE),
        (b'"', Reason.QUOTE),
        (SOUND.replace(b"BROADWAY", b"x" * 70_000), Reason.TOO_LONG),
        (b"," * 70_000, Reason.TOO_LONG),
        (b'"' * 70_001, Reason.TOO_LONG),
        (b"Summons Number,Issue Date,Violation Time,Violation Code", Reason.HEADER),
        (b"\xef\xbb\xbfviolation_code,violation_time,issue_date,summons_number", Reason.HEADER),
    ],
)
def test_a_damaged_line_is_rejected_and_takes_no_other_row_with_it(
    damaged: bytes, reason: Reason
) -> None:
    assert reasons(b"\n".join((SOUND, damaged, SOUND, SOUND))) == [None, reason, None, None]
    assert reasons(b"\n".join((damaged, damaged, SOUND))) == [reason, reason, None]
    assert reasons(b"\n".join((SOUND, damaged))) == [None, reason]


def test_two_halves_of_broken_quotes_do_not_become_one_row() -> None:
    opened = SOUND.replace(b"08/04/2013", b'"08/04/2013')
    closed = SOUND.replace(b"08/04/2013", b'08/04/2013"')

    assert reasons(b"\n".join((opened, closed, SOUND))) == [Reason.QUOTE, Reason.QUOTE, None]


def test_a_quote_that_stays_open_is_given_up_after_a_few_lines() -> None:
    within = [b"x"] * FURTHER_LINES_MAX
    opened = SOUND.replace(b"BROADWAY", b'"BROADWAY')

    assert reasons(b"\n".join((opened, *within[1:], b'y"'))) == [None]
    assert reasons(b"\n".join((opened, *within, b'y"')))[0] is Reason.QUOTE
    assert len(rows_of(b"\n".join((opened, *within, b'y"')))) == FURTHER_LINES_MAX + 2


def test_a_row_over_several_lines_may_not_be_longer_than_one() -> None:
    opened = SOUND.replace(b"BROADWAY", b'"' + b"x" * 50_000)

    assert reasons(opened + b"\n" + b"y" * 50_000 + b'"\n' + SOUND)[0] is Reason.QUOTE
    assert reasons(opened + b"\n" + b"y" * 50_000 + b'"\n' + SOUND)[-1] is None


def test_a_line_of_any_length_is_read_without_being_held() -> None:
    def blocks() -> Iterator[bytes]:
        yield SOUND + b"\n"
        yield from (b"x" * 65_536 for _ in range(1_600))
        yield b"\n" + SOUND

    before, huge, after = rows(blocks(), Position(), COLUMNS)

    assert isinstance(huge.fields, Rejection)
    assert huge.fields.reason is Reason.TOO_LONG
    assert huge.end - huge.start == 1_600 * 65_536 + 1
    assert len(huge.raw) == LINE_MAX_BYTES
    assert (before.fields, after.fields) == (FIELDS, FIELDS)
    assert (after.line_number, after.start) == (3, huge.end)


def test_lines_up_to_the_limit_are_rows() -> None:
    street = b"x" * (LINE_MAX_BYTES - len(SOUND) + len(b"BROADWAY") - 1)
    longest = SOUND.replace(b"BROADWAY", street) + b"\n"

    assert len(longest) == LINE_MAX_BYTES
    assert reasons(longest + b"x" + longest) == [None, Reason.TOO_LONG]
