"""How pages are made: Jinja2, everything escaped, and what templates may call."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from services.website.queries import StoredAlert
from services.website.sessions import Session

TEMPLATES = Path(__file__).parent / "templates"


def moment(at_ms: int) -> str:
    """`2026-03-09T14:30:00.123Z`; where no calendar reaches, the milliseconds themselves."""
    try:
        utc = datetime.fromtimestamp(at_ms / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return f"{at_ms} ms"
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{at_ms % 1000:03d}Z"


def readable(value: Any) -> str:
    """A cell of a table: numbers with their thousands, nothing for null."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:,.4f}".rstrip("0").rstrip(".")


def heading(column: str) -> str:
    """`violations_per_day` as people write it."""
    return column.replace("_", " ")


def is_number(value: Any) -> bool:
    """Whether a cell is set to the right."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(moment=moment, readable=readable, heading=heading)
    environment.tests.update(numeric=is_number)
    return environment


_templates = _environment()


def page(
    template: str, session: Session | None, status_code: int = 200, **content: Any
) -> HTMLResponse:
    """A whole page for somebody signed in, or for nobody."""
    shared: Mapping[str, Any] = {"session": session, "user": session.user if session else None}
    text = _templates.get_template(template).render(**shared, **content)
    return HTMLResponse(text, status_code)


def alert_row(alert: StoredAlert) -> str:
    """A row of the list of alerts, as the page has it; of what is visible to its reader."""
    return _templates.get_template("alert_row.html").render(alert=alert)
