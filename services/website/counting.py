"""How many alerts are in which state, kept up with every change, in its transaction."""

from collections.abc import Mapping

from sqlalchemy import Connection, update

from services.website.schema import State, state_counts


def count(connection: Connection, changes: Mapping[State, int]) -> None:
    """Add to the counts; always in one order, so that two who count never wait for each other."""
    for state in sorted(state for state, change in changes.items() if change):
        row = state_counts.c.state == state
        more = {"alerts": state_counts.c.alerts + changes[state]}
        connection.execute(update(state_counts).where(row).values(more))


def moved(source: State, target: State) -> dict[State, int]:
    """An alert that went from one state to another, or back to the same."""
    return {} if source == target else {source: -1, target: 1}
