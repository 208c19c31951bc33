"""Blocks of bytes to rows, one after the other, in bounded memory. Pure.

One line is one row unless a quote is open at its end. Then a few further lines are tried; where the
quote does not close, or does not make a row, the first line alone is rejected and reading goes on
with the next one: a stray quote never takes other rows with it.
"""

import csv
from collections.abc import Iterable, Iterator

from msgspec import Struct

from services.loading.columns import Columns, is_header
from services.loading.reasons import Reason, Rejection
from services.loading.splitting import LINE_MAX_BYTES, Line, Lookahead, Position, lines

# Lines that one row may take beyond its first, where a quoted field has line breaks.
FURTHER_LINES_MAX = 10
# What a line without any value consists of; the last is the end mark of DOS.
_BLANK = b' \t\r\n"\x1a'


class Row(Struct, frozen=True, gc=False):
    """One row: its lines' bytes from start to end (offsets), raw (at most LINE_MAX_BYTES of them).

    line_number is its first line's; next_line_number is that of the line after it.
    """

    line_number: int
    next_line_number: int
    start: int
    end: int
    raw: bytes
    fields: list[str] | Rejection

    @property
    def after(self) -> Position:
        """Where reading goes on behind this row."""
        return Position(self.end, self.next_line_number)


def rows(blocks: Iterable[bytes], start: Position, columns: Columns) -> Iterator[Row]:
    """The rows in blocks that begin at start, behind the header; blank lines are left out."""
    blank = _BLANK + columns.separator.encode()
    ahead = Lookahead(lines(blocks, start))
    for line in ahead:
        if not _is_blank(line, blank):
            yield _row(line, ahead, columns)


def fields_of(text: str, separator: str) -> list[str] | Rejection:
    """The fields of a row's text without its last line break. Quotes must come in pairs."""
    if '"' not in text:
        return text.split(separator)
    if text.count('"') % 2:
        return Rejection(Reason.QUOTE, text[text.index('"') :])
    try:
        return next(csv.reader((text,), delimiter=separator, strict=True), [])
    except csv.Error:
        return Rejection(Reason.QUOTE, text[text.index('"') :])


def _is_blank(line: Line, blank: bytes) -> bool:
    if line.text.strip(blank) or line.is_too_long:
        return False
    return line.text.count(b'"') % 2 == 0


def _row(line: Line, ahead: Lookahead, columns: Columns) -> Row:
    fields = _fields(line.text, columns)
    if isinstance(fields, Rejection) and fields.reason is Reason.QUOTE:
        further = _closing(line, ahead, columns)
        if further:
            return _joined(line, further, ahead, columns)
    raw = line.text[:LINE_MAX_BYTES]
    return Row(line.number, line.number + 1, line.start, line.end, raw, fields)


def _joined(line: Line, further: list[Line], ahead: Lookahead, columns: Columns) -> Row:
    ahead.drop(len(further))
    raw = b"".join(part.text for part in (line, *further))
    last = further[-1]
    return Row(line.number, last.number + 1, line.start, last.end, raw, _fields(raw, columns))


def _closing(line: Line, ahead: Lookahead, columns: Columns) -> list[Line]:
    """The further lines with which line is a whole row; none if there are no such ones."""
    for count in range(1, FURTHER_LINES_MAX + 1):
        further = ahead.peeked(count)
        if len(further) < count or _is_row_itself(further[-1], columns):
            return []
        joined = b"".join(part.text for part in (line, *further))
        if b'"' in further[-1].text and isinstance(_fields(joined, columns), list):
            return further
    return []


def _is_row_itself(line: Line, columns: Columns) -> bool:
    """Whether it has a row's separators, however broken it is: then the quote above it is stray."""
    return line.text.count(columns.separator.encode()) >= columns.fewest_fields - 1


def _fields(text: bytes, columns: Columns) -> list[str] | Rejection:
    """As many fields as the header has, or why there are not."""
    if len(text) > LINE_MAX_BYTES:
        return Rejection(Reason.TOO_LONG, f"more than {LINE_MAX_BYTES} bytes")
    if b"\0" in text:
        return Rejection(Reason.NUL)
    try:
        fields = fields_of(text.decode().rstrip("\r\n"), columns.separator)
    except UnicodeDecodeError as error:
        return Rejection(Reason.NOT_UTF8, f"byte {text[error.start]:#x}")
    if isinstance(fields, Rejection) or columns.fit(len(fields)):
        return fields
    if is_header(fields):
        return Rejection(Reason.HEADER)
    return Rejection(Reason.FIELD_COUNT, f"{len(fields)} instead of {columns.number_of_fields}")
