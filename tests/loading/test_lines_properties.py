"""Whatever the bytes: every one of them is in one row or a blank line, and no damage spreads."""

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from services.loading.headings import Heading, heading
from services.loading.lines import Row, rows
from services.loading.reasons import Rejection
from services.loading.rows import report
from services.loading.splitting import LINE_MAX_BYTES, Position
from services.reports.codec import REASON_MAX_CHARACTERS, decoded, encoded
from tests.loading.tables import NAMES, TODAY, VALUES, columns, content, values
from tests.reports.strategies import examples

COLUMNS = columns()
START = Position()
SOUND = ",".join(values()).encode()
FRAGMENTS = (
    *(SOUND, SOUND + b"\n", SOUND.replace(b"GBB9093", b'"GB,\n""B\r\n"') + b"\n"),
    *(b'"', b'""', b",", b"\n", b"\r"),
    *(b"\r\n", b"\x00", b"\xff", b"\xef\xbb\xbf", b'"\n', b'",', b',"', b"\x1a", "\u00e9".encode()),
    *(b"x" * LINE_MAX_BYTES, b'"' + b"x" * 40_000, b"," * 9, ",".join(NAMES).encode() + b"\n"),
)
texts = st.lists(
    st.sampled_from(FRAGMENTS) | st.sampled_from(FRAGMENTS[1:3]) | st.binary(max_size=20),
    max_size=12,
).map(b"".join)
block_sizes = st.integers(1, 50) | st.integers(1, 200_000)


def blocks(text: bytes, size: int) -> Iterator[bytes]:
    # Many tiny blocks of a long text only take time.
    size = max(size, len(text) // 2_000)
    return (text[at : at + size] for at in range(0, len(text), size))


def rows_of(text: bytes, size: int = 262_144, start: Position = START) -> list[Row]:
    return list(rows(blocks(text[start.offset :], size), start, COLUMNS))


def line_number(text: bytes, offset: int) -> int:
    return len(text[:offset].splitlines()) + 1


@examples(300)
@given(texts)
def test_every_byte_is_in_one_row_or_in_a_blank_line(text: bytes) -> None:
    found = rows_of(text)
    edges = [0, *(edge for row in found for edge in (row.start, row.end)), len(text)]

    assert edges == sorted(edges)
    assert all(row.start < row.end for row in found)
    between = [text[end:start] for end, start in zip(edges[::2], edges[1::2], strict=True)]
    assert not b"".join(between).strip(b' ,"\t\r\n\x1a')


@examples(300)
@given(texts)
def test_a_row_knows_its_lines_and_holds_its_bytes(text: bytes) -> None:
    for row in rows_of(text):
        assert row.raw == text[row.start : row.end][:LINE_MAX_BYTES]
        assert row.line_number == line_number(text, row.start)
        assert row.after == Position(row.end, line_number(text, row.end))


@examples(300)
@given(texts, block_sizes)
def test_rows_do_not_depend_on_how_the_bytes_arrive(text: bytes, size: int) -> None:
    assert rows_of(text, size) == rows_of(text)


@examples(200)
@given(texts, st.data())
def test_reading_on_behind_any_row_gives_the_other_rows(text: bytes, data: st.DataObject) -> None:
    found = rows_of(text)
    done = data.draw(st.integers(0, len(found)))
    start = found[done - 1].after if done else START

    assert rows_of(text, start=start) == found[done:]


@examples(300)
@given(st.lists(st.binary(max_size=60) | st.sampled_from(FRAGMENTS), max_size=4))
def test_no_damage_takes_a_sound_row_with_it(damages: list[bytes]) -> None:
    marked = [SOUND.replace(b"1283294138", b"%010d" % (10**9 + n)) for n in range(len(damages) + 1)]
    damaged = [part + b"\n" for pair in zip(marked, damages, strict=False) for part in pair]
    found = rows_of(b"".join((*damaged, marked[-1])))

    numbers = [row.fields[0] for row in found if isinstance(row.fields, list)]
    assert {row.split(b",")[0].decode() for row in marked} <= set(numbers)


spellings = st.sampled_from(
    (
        "",
        "NA",
        "1283294138.0",
        "08/04/2013",
        "2013-08-04T00:00:00",
        "0857A",
        "12:57 PM",
        "46.0",
        "@",
    )
)
field_texts = st.text(max_size=15) | spellings | st.sampled_from(tuple(VALUES.values()))


@examples(500)
@given(st.lists(field_texts, min_size=len(NAMES), max_size=len(NAMES)))
def test_any_fields_are_a_valid_report_or_a_printable_reason(fields: list[str]) -> None:
    found = report(fields, COLUMNS, TODAY)

    if isinstance(found, Rejection):
        assert str(found).isprintable()
        assert 0 < len(str(found)) <= REASON_MAX_CHARACTERS
    else:
        assert decoded(encoded(found)) == found


@examples(100)
@given(st.text())
def test_what_stands_in_a_column_nobody_needs_does_not_matter(text: str) -> None:
    assert content(Plate_ID=text) == content()


@examples(300)
@given(texts | st.binary(max_size=200))
def test_any_beginning_has_a_heading_or_a_reason(beginning: bytes) -> None:
    found = heading(beginning)

    if isinstance(found, Heading):
        assert 0 < found.end.offset <= len(beginning)
        assert found.end.line_number == line_number(beginning, found.end.offset)
    else:
        assert found.reason.isprintable()
