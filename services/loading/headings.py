"""The header at the beginning of a text: its separator, its columns, where it ends. Pure."""

from dataclasses import dataclass

from services.loading.columns import REQUIRED, Columns, Refusal, columns_in
from services.loading.fitting import fitted
from services.loading.lines import fields_of
from services.loading.reasons import Rejection
from services.loading.splitting import Line, Position, lines

# As many bytes of a text's beginning are enough to find its header and to see its first rows.
HEADING_BYTES = 64 * 1024
TITLE_LINES_MAX = 10
# A space is what R's `write.table` puts between quoted values.
SEPARATORS = (",", ";", "\t", "|", " ")
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# What other kinds of files begin with.
_OTHERS = {
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
    b"\x1f\x8b": "compressed data",
    b"PK\x03\x04": "a zip archive or a spreadsheet",
    b"\xd0\xcf\x11\xe0": "a spreadsheet",
    b"SQLite": "a database",
    b"PAR1": "Parquet",
}


@dataclass(frozen=True, slots=True)
class Heading:
    """A text's columns, and where its first row begins."""

    columns: Columns
    end: Position


def heading(beginning: bytes) -> Heading | Refusal:
    """The header within a text's first HEADING_BYTES.

    Above it may stand blank lines, and titles as spreadsheets have them: lines with fewer values
    than a row needs.
    """
    other = next((kind for mark, kind in _OTHERS.items() if beginning.startswith(mark)), None)
    if other or b"\0" in beginning[:4]:
        return Refusal(f"{other or 'UTF-16 text'} instead of CSV: save it as CSV in UTF-8")
    first_lines = list(lines((beginning,), Position()))
    refusal = Refusal("no known header: the file is empty")
    for index, line in enumerate(first_lines[:TITLE_LINES_MAX]):
        found = _columns_of(line)
        if isinstance(found, Columns):
            return _fitted_heading(found, line, first_lines[index + 1 :])
        refusal = found if _text(line).strip() else refusal
        if not _is_title(line):
            break
    return refusal


def _fitted_heading(columns: Columns, header: Line, following: list[Line]) -> Heading:
    fields = (fields_of(_text(line), columns.separator) for line in following)
    first_rows = [row for row in fields if not isinstance(row, Rejection) and any(row)]
    return Heading(fitted(columns, first_rows), Position(header.end, header.number + 1))


def _columns_of(line: Line) -> Columns | Refusal:
    """What the line is as a header; if it is none, why not, at the likeliest separator."""
    names = {separator: _names(line, separator) for separator in SEPARATORS}
    found = [columns_in(names[separator], separator) for separator in SEPARATORS]
    likeliest = max(SEPARATORS[:-1], key=lambda separator: len(names[separator]))
    known = (columns for columns in found if isinstance(columns, Columns))
    return next(known, found[SEPARATORS.index(likeliest)])


def _names(line: Line, separator: str) -> list[str]:
    fields = fields_of(_text(line), separator)
    return [] if isinstance(fields, Rejection) else fields


def _is_title(line: Line) -> bool:
    return all(
        sum(bool(field.strip(' "')) for field in _text(line).split(separator)) < len(REQUIRED)
        for separator in SEPARATORS[:-1]
    )


def _text(line: Line) -> str:
    return line.text.removeprefix(BYTE_ORDER_MARK).decode(errors="replace").rstrip("\r\n")
