"""Where a violation was: `712 W 175 ST / BROADWAY, Manhattan`, of it what is known. Pure.

No coordinates: the rows have none, and none are invented.
"""

import re

# The columns of street and crossing are 20 characters wide; cameras write across both.
COLUMN_CHARACTERS = 20
# What a spreadsheet makes of a Queens house number such as 12-02.
_DATE_LIKE = re.compile(r"\d{1,2}-[A-Z]{3}|[A-Z]{3}-\d\d")


def place(house: str, street: str, crossing: str, borough: str | None) -> str | None:
    """House number, street, crossing and, last, the borough; None if nothing is known."""
    names = _camera_streets(street, crossing) if "@" in street + crossing else (street, crossing)
    streets = " / ".join(name for name in map(_name, names) if name)
    address = " ".join(part for part in (_house_number(house), streets) if part)
    return ", ".join(part for part in (address, borough) if part) or None


def _camera_streets(street: str, crossing: str) -> list[str]:
    """`SB WILDER AVE @ AMBE`, `R ST` is one text: the corner of SB WILDER AVE and AMBER ST."""
    gap = "" if len(street) >= COLUMN_CHARACTERS else " "
    return f"{street}{gap}{crossing}".split("@")


def _house_number(text: str) -> str:
    """The number; in many rows there stands a direction (N, S, E, W) or 0 instead."""
    number = _name(text).removesuffix(".0")
    is_number = any(digit in "123456789" for digit in number) and not _DATE_LIKE.fullmatch(number)
    return number if is_number else ""


def _name(text: str) -> str:
    """In capitals, as most rows have it: else one street would be several."""
    name = " ".join(text.upper().split())
    return name if name.isprintable() else "".join(c for c in name if c.isprintable())
