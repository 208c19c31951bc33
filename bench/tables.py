"""What a bench found: a plain table for the terminal, the same as JSON for a file. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import msgspec

Figure = str | int | float | None
Row = Mapping[str, Figure]


@dataclass(frozen=True, slots=True)
class Table:
    """One bench's figures: a row for ours, a row for each peer; `how` says what was measured.

    `wrong` says what went wrong, so that the figures do not count.
    """

    title: str
    how: tuple[str, ...]
    rows: tuple[Row, ...]
    wrong: tuple[str, ...] = ()


def ratio(ours: float, peers: float) -> float | None:
    """How many times the peer's figure ours is, None if the peer's is zero."""
    return ours / peers if peers else None


def table_text(table: Table) -> str:
    """Title, aligned columns, and below them how it was measured."""
    columns = column_names(table)
    cells = [columns, *([figure_text(row.get(name)) for name in columns] for row in table.rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [_line(row, widths) for row in cells]
    lines.insert(1, _line(["-" * width for width in widths], widths))
    return "\n".join(["", table.title, "", *lines, "", *(f"  {line}" for line in table.how)])


def column_names(table: Table) -> list[str]:
    """The rows' names of figures, in the order in which they first come."""
    return list(dict.fromkeys(name for row in table.rows for name in row))


def figure_text(figure: Figure) -> str:
    """A figure to read: thousands separated, no more digits than mean something."""
    if figure is None:
        return "-"
    if isinstance(figure, float):
        return f"{figure:,.0f}" if abs(figure) >= 1000 else f"{figure:.3g}"
    return f"{figure:,}" if isinstance(figure, int) else figure


def table_json(table: Table) -> bytes:
    """The table as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(asdict(table)), indent=2)


def _line(cells: list[str], widths: list[int]) -> str:
    first, *others = zip(cells, widths, strict=True)
    return "  ".join([first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)])
