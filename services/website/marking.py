"""What an operator does about an alert, from a form or a program: checked, then kept."""

from fastapi import HTTPException
from pydantic import BaseModel, Field

from services.website.database import writing
from services.website.marks import ConflictError, put_mark
from services.website.queries import StoredAlert
from services.website.site import Site
from services.website.states import (
    NAME_CHARACTERS_MAX,
    NOTE_CHARACTERS_MAX,
    ActionName,
    Mark,
    fault_of,
)
from services.website.user import User


class MarkForm(BaseModel):
    """Assigning needs an assignee, closing a note."""

    action: ActionName
    # Browsers count a line break as one character and send two.
    note: str = Field("", max_length=2 * NOTE_CHARACTERS_MAX)
    assignee: str = Field("", max_length=NAME_CHARACTERS_MAX)


def marked(site: Site, user: User, seq: int, form: MarkForm) -> StoredAlert:
    """The alert afterwards. HTTPException: 404, 409 if somebody was faster, 422 with the fault."""
    mark = _mark(form)
    if fault := fault_of(mark):
        raise HTTPException(422, fault)
    try:
        with writing(site.engine) as connection:
            alert = put_mark(connection, seq, mark, user.name, site.now_ms())
    except ConflictError as error:
        raise HTTPException(409, f"Somebody was faster: {error}.") from error
    if alert is None:
        raise HTTPException(404, "There is no such alert.")
    return alert


def _mark(form: MarkForm) -> Mark:
    """The page sends all its fields with each of its buttons."""
    assignee = _clean(form.assignee).strip() if form.action == "assign" else ""
    return Mark(form.action, _clean(form.note.replace("\r\n", "\n")).strip(), assignee or None)


def _clean(text: str) -> str:
    """PostgreSQL keeps no NUL, and nobody reads control characters."""
    return "".join(c if c.isprintable() or c == "\n" else " " for c in text)
