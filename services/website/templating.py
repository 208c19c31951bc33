"""How pages are made: Jinja2, everything escaped, and what templates may call."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from services.website.queries import StoredAlert
from services.website.sessions import Session
from services.website.wording import (
    heading,
    is_number,
    lower_first,
    minute,
    moment,
    readable,
    subject,
    telemetry,
)

TEMPLATES = Path(__file__).parent / "templates"


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters = (moment, minute, readable, heading, subject, telemetry, lower_first)
    environment.filters.update({each.__name__: each for each in filters})
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
