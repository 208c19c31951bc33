"""Acknowledging, assigning and closing alerts, kept with who and when. Called by pages and API."""

from sqlalchemy import Connection, insert, select, update

from services.website.counting import count, moved
from services.website.queries import StoredAlert, alert_at
from services.website.schema import State, actions, alerts
from services.website.states import STEPS, Mark


class ConflictError(Exception):
    """Somebody was faster: the alert's state, `state`, allows it no more."""

    def __init__(self, state: State) -> None:
        super().__init__(f"the alert is already {state}")
        self.state = state


def put_mark(
    connection: Connection, seq: int, mark: Mark, user_name: str, at_ms: int
) -> StoredAlert | None:
    """The alert afterwards, or None where there is none; ConflictError. Within `writing`."""
    # Held until the transaction ends: of two who act at once, the second sees what the first did.
    held = select(alerts.c.state, alerts.c.assignee).where(alerts.c.seq == seq).with_for_update()
    before = connection.execute(held).first()
    if before is None:
        return None
    step = STEPS[mark.action]
    if before.state not in step.sources:
        raise ConflictError(before.state)
    changed = {"state": step.target, "assignee": mark.assignee or before.assignee}
    done = {"at_ms": at_ms, "user_name": user_name, "action": mark.action, "note": mark.note}
    connection.execute(update(alerts).where(alerts.c.seq == seq).values(changed))
    connection.execute(insert(actions).values({"seq": seq} | done | changed))
    count(connection, moved(before.state, step.target))
    return alert_at(connection, seq)
