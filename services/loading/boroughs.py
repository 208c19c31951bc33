"""New York's five boroughs, from a row's county or, failing that, its precinct. Pure."""

from functools import lru_cache

# Letters and digits only, upper case. Where one could mean two boroughs (B, NYC), it is left out.
_SPELLINGS = {
    "Manhattan": "NY N MN MAN MANH MANHATTAN MH NEW NEWY NEWYORK NEWYORKCOUNTY 1 36061",
    "Bronx": "BX X BRX BRON BRONX THEBRONX PBX ABX BRONXCOUNTY 2 36005",
    "Brooklyn": "K BK KI KIN KING KINGS KS BKN BKLN BKLYN BRK BROOK BROOKLYN KINGSCOUNTY 3 36047",
    "Queens": "Q QN QU QNS QUE QUEE QUEEN QUEENS QUEENSCOUNTY 4 36081",
    "Staten Island": "R ST S SI RC RI RICH RICHM RICHMOND STATEN STATENISLAND RICHMONDCOUNTY"
    " 5 36085",
}
_BY_COUNTY = {
    spelling: borough for borough, spellings in _SPELLINGS.items() for spelling in spellings.split()
}
# The New York Police Department's precincts, first to last.
_PRECINCTS = {
    "Manhattan": range(1, 35),
    "Bronx": range(40, 53),
    "Brooklyn": range(60, 95),
    "Queens": range(100, 117),
    "Staten Island": range(120, 124),
}
TEXT_MAX_CHARACTERS = 40


def borough(county: str, precinct: str) -> str | None:
    """The borough of a county in any spelling; where it is none, that of the precinct."""
    return _of_county(county[:TEXT_MAX_CHARACTERS]) or _of_precinct(precinct[:TEXT_MAX_CHARACTERS])


@lru_cache(maxsize=1_024)
def _of_county(county: str) -> str | None:
    key = "".join(c for c in county.upper().removesuffix(".0") if c.isalnum())
    return _BY_COUNTY.get(key)


@lru_cache(maxsize=1_024)
def _of_precinct(precinct: str) -> str | None:
    digits = precinct.removesuffix(".0")
    if not (digits.isascii() and digits.isdecimal()):
        return None
    return next((name for name, those in _PRECINCTS.items() if int(digits) in those), None)
