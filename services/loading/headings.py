"""The header at the beginning of a text: its separator, its columns, where it ends. Pure."""

from dataclasses import dataclass

from services.loading.columns import REQUIRED, Columns, Refusal, columns_in
from services.loading.lines import fields_of
from services.loading.reasons import Rejection
from services.loading.splitting import Line, Position, lines

# As many bytes of a text's beginning are enough to find its header.
HEADING_BYTES = 64 * 1024
SEPARATORS = (",", ";", "\t", "|")
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


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
    if beginning.startswith(UTF16_MARKS) or b"\0" in beginning[:4]:
        return Refusal("UTF-16 text: save it as CSV in UTF-8")
    refusal = Refusal("no known header: the file is empty")
    for line in lines((beginning,), Position()):
        found = _columns_of(line)
        if isinstance(found, Columns):
            return Heading(found, Position(line.end, line.number + 1))
        refusal = found
        if not _is_title(line):
            break
    return refusal


def _columns_of(line: Line) -> Columns | Refusal:
    """What the line is as a header, split where it gives most names."""
    text = line.text.removeprefix(BYTE_ORDER_MARK).decode(errors="replace").rstrip("\r\n")
    names = {separator: _names(text, separator) for separator in SEPARATORS}
    separator = max(names, key=lambda separator: len(names[separator]))
    return columns_in(names[separator], separator)


def _names(text: str, separator: str) -> list[str]:
    fields = fields_of(text, separator)
    return [] if isinstance(fields, Rejection) else fields


def _is_title(line: Line) -> bool:
    text = line.text.decode(errors="replace")
    return all(
        sum(bool(field.strip(' "\r\n')) for field in text.split(separator)) < len(REQUIRED)
        for separator in SEPARATORS
    )
