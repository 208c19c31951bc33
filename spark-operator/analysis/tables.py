"""Answers as tables of text, for the terminal, and as a drawn table, for a question's chart."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from analysis.drawings import COLOURS, INK, MUTED, SIZE_INCHES, Rows, shortened

TERMINAL_ROWS, DRAWN_ROWS = 25, 30
DRAWN_COLUMNS = 8
CELL_CHARACTERS = 40


def text_table(columns: Sequence[str], rows: Rows) -> str:
    """Columns under their names, numbers to the right; at most 25 rows, and how many follow."""
    if not rows:
        return "(no rows)"
    shown = rows[:TERMINAL_ROWS]
    cells = [[cell(row[column]) for column in columns] for row in shown]
    is_number = [_is_number(rows, column) for column in columns]
    widths = [max(map(len, [name, *each])) for name, *each in zip(columns, *cells, strict=True)]
    lines = [
        "  ".join(
            text.rjust(width) if right else text.ljust(width)
            for text, width, right in zip(line, widths, is_number, strict=True)
        ).rstrip()
        for line in [list(columns), ["-" * width for width in widths], *cells]
    ]
    return "\n".join(lines + _rest(rows, TERMINAL_ROWS))


def drawn_table(figure: Figure, rows: Rows) -> None:
    """The first rows and columns as a table."""
    columns = list(rows[0])[:DRAWN_COLUMNS]
    shown = rows[:DRAWN_ROWS]
    figure.set_size_inches(max(SIZE_INCHES[0], 1.6 * len(columns)), 1.6 + 0.29 * (len(shown) + 1))
    axes = figure.subplots()
    axes.set_axis_off()
    table = axes.table(
        [[cell(row[column]) for column in columns] for row in shown],
        colLabels=columns,
        bbox=Bbox.unit(),
        edges="horizontal",
    )
    table.auto_set_font_size(value=False)
    table.set_fontsize(9)
    table.auto_set_column_width(list(range(len(columns))))
    for (line, number), drawn in table.get_celld().items():
        drawn.PAD = 0.03
        is_right = _is_number(rows, columns[number])
        drawn.set(edgecolor="#dfe3e8", linewidth=0.6)
        drawn.set_text_props(ha="right" if is_right else "left", color=INK)
        if line == 0:
            drawn.set_text_props(weight="bold", color=COLOURS[0])
    rest = _rest(rows, DRAWN_ROWS) + _more_columns(rows)
    axes.set_title("   ".join(rest), loc="left", size=9, color=MUTED)


def cell(value: Any) -> str:
    """One value as short text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1e6 else f"{value:,.6g}"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds").removesuffix("+00:00")
    return shortened(" ".join(str(value).split()), CELL_CHARACTERS)


def _is_number(rows: Rows, column: str) -> bool:
    values = [row[column] for row in rows if row[column] is not None]
    return bool(values) and all(isinstance(value, int | float) for value in values)


def _rest(rows: Rows, shown: int) -> list[str]:
    return [f"... and {len(rows) - shown:,} more rows"] if len(rows) > shown else []


def _more_columns(rows: Rows) -> list[str]:
    hidden = len(rows[0]) - DRAWN_COLUMNS
    return [f"... and {hidden} more columns"] if hidden > 0 else []
