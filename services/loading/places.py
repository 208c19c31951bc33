"""Where a violation was: `712 W 175 ST / BROADWAY, Manhattan`, of it what is known. Pure.

No coordinates: the rows have none, and none are invented.
"""

import re

# The columns of street and crossing are 20 characters wide; cameras write across both.
COLUMN_CHARACTERS = 20
# In many rows there stands a direction (N, S, E, W) or 0 instead; and spreadsheets make dates
# (2-DEC, DEC-45) of house numbers in Queens (12-02, 12-45).
_NO_HOUSE_NUMBER = re.compile(r"[^1-9]*|\d{1,2}-[A-Z]{3}|[A-Z]{3}-\d\d", re.ASCII)


def place(house: str, street: str, crossing: str, borough: str | None) -> str | None:
    """House number, street, crossing and, last, the borough; None if nothing is known."""
    names = _camera_streets(street, crossing) if "@" in street + crossing else (street, crossing)
    streets = " / ".join(filter(None, map(_name, names)))
    address = " ".join(filter(None, (_house_number(house), streets)))
    return ", ".join(filter(None, (address, borough))) or None


def _camera_streets(street: str, crossing: str) -> list[str]:
    """`SB WILDER AVE @ AMBE`, `R ST` is one text: the corner of SB WILDER AVE and AMBER ST."""
    gap = "" if len(street) >= COLUMN_CHARACTERS else " "
    return f"{street}{gap}{crossing}".split("@")


def _house_number(text: str) -> str:
    number = _name(text).removesuffix(".0")
    return "" if _NO_HOUSE_NUMBER.fullmatch(number) else number


def _name(text: str) -> str:
    """In capitals, as most rows have it: else one street would be several."""
    name = " ".join(text.upper().split())
    return name if name.isprintable() else "".join(c for c in name if c.isprintable())
