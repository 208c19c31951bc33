"""A page as plain text and as HTML. Pure."""

from collections.abc import Sequence
from html import escape

from services.notifying.wording import Page, Row, Table

# Once in the head, as a digest has thousands of cells.
STYLE = """
body { font: 15px/1.45 system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif; color: #1c2733;
  max-width: 72em; margin: 0 auto; padding: 1em }
h1 { font-size: 21px; margin: 0 0 .6em; padding: 0 0 .35em; border-bottom: 3px solid #c2410c }
h2 { font-size: 16px; margin: 1.4em 0 .4em }
table { border-collapse: collapse; font-size: 14px }
th, td { text-align: left; vertical-align: baseline; padding: .3em 1em .3em 0;
  border-bottom: 1px solid #e3e8ed }
th { color: #52616f; font-weight: 600 }
td:first-child, td:nth-child(4) { white-space: nowrap }
td:nth-child(6) { color: #7b8794; font-size: 12px }
"""


def as_text(page: Page) -> str:
    """Plain text, its tables aligned by spaces; ends with a line break."""
    facts = [*page.facts, *((("Map", page.map_url),) if page.map_url else ())]
    parts = [page.headline, *_aligned(facts)]
    tables = [line for table in page.tables for line in _text_table(table)]
    return "\n".join([parts[0], "", *parts[1:], *tables, ""])


def _text_table(table: Table) -> list[str]:
    return ["", table.title, *_aligned([table.columns, *table.rows])]


def _aligned(rows: Sequence[Row]) -> list[str]:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def as_html(page: Page) -> str:
    """A document without anything to load; every text of the page is escaped."""
    facts = "".join(_html_row((label, fact), "th", "td") for label, fact in page.facts)
    place = f'<p><a href="{escape(page.map_url)}">Show on the map</a></p>\n' if page.map_url else ""
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(page.headline)}</title><style>{STYLE}</style></head>\n"
        f"<body><h1>{escape(page.headline)}</h1>\n<table>\n{facts}</table>\n{place}"
        f"{''.join(_html_table(table) for table in page.tables)}</body></html>\n"
    )


def _html_table(table: Table) -> str:
    rows = "".join(_html_row(row, "td", "td") for row in table.rows)
    columns = _html_row(table.columns, "th", "th")
    return f"<h2>{escape(table.title)}</h2>\n<table>\n{columns}{rows}</table>\n"


def _html_row(cells: Row, first: str, others: str) -> str:
    tags = [first, *(others for _ in cells[1:])]
    row = "".join(f"<{t}>{escape(c)}</{t}>" for t, c in zip(tags, cells, strict=True))
    return f"<tr>{row}</tr>\n"
