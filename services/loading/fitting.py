"""How a file's rows differ from its header, as some tools write them. Pure.

- R's `write.table` puts the rows' names in front, and no name for them into the header.
- Some exports end each row, but not the header, with a separator.
- Excel leaves out the separators behind a row's last value, block by block of 16 lines: the header
  keeps all columns, most rows have fewer.

A file is read so only where most of its first rows say it: a few rows with a wrong number of fields
are damaged ones.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from services.loading.columns import OPTIONAL, REQUIRED, Columns
from services.loading.reasons import Rejection
from services.loading.rows import report

# Fewer rows than this prove nothing about a file.
ROWS_MIN = 10
_EXCEL_BLOCK_LINES = 16


def fitted(columns: Columns, first_rows: Sequence[Sequence[str]]) -> Columns:
    """The columns as most of the file's first rows have them."""
    best = max(_otherwise(columns, first_rows), key=lambda other: _reports(other, first_rows))
    found = _reports(best, first_rows)
    is_clear = found >= ROWS_MIN and found > 2 * _reports(columns, first_rows)
    return best if is_clear else columns


def _otherwise(columns: Columns, first_rows: Sequence[Sequence[str]]) -> list[Columns]:
    one_more = columns.number_of_fields + 1
    longer = replace(columns, number_of_fields=one_more, fewest_fields=one_more)
    indices = {name: getattr(columns, name) for name in REQUIRED + OPTIONAL}
    shifted = replace(longer, **{name: at + 1 for name, at in indices.items() if at >= 0})
    cut = replace(columns, fewest_fields=max(indices.values()) + 1)
    return [longer, shifted, cut] if _begins_full(columns, first_rows) else [longer, shifted]


def _begins_full(columns: Columns, first_rows: Sequence[Sequence[str]]) -> bool:
    """Whether most rows in the header's block of lines are as long as the header."""
    block = first_rows[: _EXCEL_BLOCK_LINES - 1]
    return sum(len(fields) == columns.number_of_fields for fields in block) * 2 > len(block)


def _reports(columns: Columns, first_rows: Sequence[Sequence[str]]) -> int:
    """How many of the rows are reports when read with these columns."""
    fitting = (fields for fields in first_rows if columns.fit(len(fields)))
    return sum(not isinstance(report(row, columns, date.max), Rejection) for row in fitting)
