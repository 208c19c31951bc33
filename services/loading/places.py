"""Where a violation was: `712 W 175 ST / BROADWAY, Manhattan`, of it what is known. Pure.

No coordinates: the rows have none, and none are invented.
"""


def place(house: str, street: str, crossing: str, borough: str | None) -> str | None:
    """House number, street, crossing and, last, the borough; None if nothing is known."""
    number = _house_number(house)
    address = " ".join(part for part in (number, _name(street)) if part)
    corner = " / ".join(part for part in (address, _name(crossing)) if part)
    return ", ".join(part for part in (corner, borough) if part) or None


def _house_number(text: str) -> str:
    """The number; in many rows there stands a direction (N, S, E, W) or 0 instead."""
    number = _name(text).removesuffix(".0")
    return number if any(digit in "123456789" for digit in number) else ""


def _name(text: str) -> str:
    """In capitals, as most rows have it: else one street would be several."""
    words = text.upper().split()
    name = " ".join(words).removesuffix("@").rstrip()
    return name if name.isprintable() else "".join(c for c in name if c.isprintable())
