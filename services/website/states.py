"""What may be done about an alert, by whom, and where it leads. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, get_args

from services.website.schema import Role, State

ActionName = Literal["acknowledge", "assign", "close"]
ACTIONS: tuple[ActionName, ...] = get_args(ActionName)
NAME_CHARACTERS_MAX = 128
NOTE_CHARACTERS_MAX = 2_000


@dataclass(frozen=True, slots=True)
class Step:
    """From which states an action leads to which."""

    sources: frozenset[State]
    target: State


STEPS: Mapping[ActionName, Step] = MappingProxyType(
    {
        "acknowledge": Step(frozenset({"new"}), "acknowledged"),
        "assign": Step(frozenset({"new", "acknowledged", "assigned"}), "assigned"),
        "close": Step(frozenset({"new", "acknowledged", "assigned"}), "closed"),
    }
)
MAY_ACT: Mapping[Role, bool] = MappingProxyType({"viewer": False, "operator": True})


@dataclass(frozen=True, slots=True)
class Mark:
    """What somebody wants done: to assign needs an assignee, to close a note."""

    action: ActionName
    note: str = ""
    assignee: str | None = None


def actions_from(state: State, role: Role) -> tuple[ActionName, ...]:
    """What this role may do about an alert in this state."""
    return tuple(
        action for action, step in STEPS.items() if MAY_ACT[role] and state in step.sources
    )


def fault_of(mark: Mark) -> str | None:
    """What is wrong with a mark whatever its alert's state, in a sentence; None if nothing is."""
    if len(mark.note) > NOTE_CHARACTERS_MAX:
        return f"A note has at most {NOTE_CHARACTERS_MAX} characters."
    if (mark.action == "assign") != bool(mark.assignee):
        return "Say to whom it is assigned." if mark.action == "assign" else "Nobody is assigned."
    if len(mark.assignee or "") > NAME_CHARACTERS_MAX:
        return f"A name has at most {NAME_CHARACTERS_MAX} characters."
    if mark.action == "close" and not mark.note.strip():
        return "To close an alert, say why in a note."
    return None
