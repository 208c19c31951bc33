"""What is shown of an alert to whom: the one place that decides it. Pure.

Names of citizens are for operators. Pages, live events and API show nothing that did not pass here.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from services.website.queries import Action, StoredAlert
from services.website.user import User

# Whatever other kind there will be: its subject counts as a name until it is put here.
NAMELESS_KINDS = frozenset({"violation", "maintenance"})
HIDDEN_NAME = "(name for operators only)"
HIDDEN_NOTE = "(note for operators only)"
HIDDEN_WORD = "…"


def is_named(alert: StoredAlert) -> bool:
    """Whether the alert's subject is a citizen's name."""
    return alert.kind not in NAMELESS_KINDS


def visible_alert(alert: StoredAlert, user: User) -> StoredAlert:
    """The alert as this user may see it, its detail included."""
    if user.is_operator or not is_named(alert):
        return alert
    name = _any_part_of(alert.subject)
    detail = {key: _without(value, name) for key, value in alert.detail.items()}
    return replace(alert, subject=HIDDEN_NAME, place=_without(alert.place, name), detail=detail)


def visible_actions(
    alert: StoredAlert, actions: Sequence[Action], user: User
) -> tuple[Action, ...]:
    """What was done about the alert; what people wrote beside a name may hold it, too."""
    if user.is_operator or not is_named(alert):
        return tuple(actions)
    return tuple(replace(action, note=HIDDEN_NOTE if action.note else "") for action in actions)


def names_read(alerts: Sequence[StoredAlert], user: User) -> tuple[tuple[str, str], ...]:
    """alert_id and name of each name that this user reads when shown these alerts."""
    if not user.is_operator:
        return ()
    return tuple((alert.alert_id, alert.subject) for alert in alerts if is_named(alert))


def _any_part_of(name: str) -> re.Pattern[str]:
    parts = sorted({name, *name.split()}, key=len, reverse=True)
    told = [re.escape(part) for part in parts if part.strip()]
    return re.compile(rf"(?<!\w)(?:{'|'.join(told)})(?!\w)" if told else r"(?!)", re.IGNORECASE)


def _without(value: Any, name: re.Pattern[str]) -> Any:
    if isinstance(value, str):
        return name.sub(HIDDEN_WORD, value)
    if isinstance(value, list | tuple):
        return [_without(each, name) for each in value]
    return value
