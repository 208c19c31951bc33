"""Where in a row the needed columns stand, from the names in the header. Pure.

The names are those of "Parking Violations Issued" (NYC Open Data), as the fiscal years' exports,
the open data API (`summons_number`), R (`Summons.Number`) and spreadsheets spell them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

REQUIRED = ("summons_number", "issue_date", "violation_time", "violation_code")
OPTIONAL = (
    *("violation_county", "violation_precinct", "violation_location"),
    *("house_number", "street_name", "intersecting_street"),
)


@dataclass(frozen=True, slots=True)
class Columns:
    """The indices of the needed columns; -1 where an optional one is missing.

    A row has as many fields as the header; fewer, down to fewest_fields, only in files whose tool
    leaves out what is empty at the end (services.loading.fitting).
    """

    separator: str
    number_of_fields: int
    fewest_fields: int
    summons_number: int
    issue_date: int
    violation_time: int
    violation_code: int
    violation_county: int = -1
    violation_precinct: int = -1
    violation_location: int = -1
    house_number: int = -1
    street_name: int = -1
    intersecting_street: int = -1

    def fit(self, count: int) -> bool:
        """Whether a row may have that many fields."""
        return self.fewest_fields <= count <= self.number_of_fields


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a file is none of ours: one printable line."""

    reason: str


def columns_in(names: Sequence[str], separator: str = ",") -> Columns | Refusal:
    """The columns that a header of these names has, in any order and among any others."""
    keys = [_key(name) for name in names]
    wanted = {column: keys.count(_key(column)) for column in REQUIRED + OPTIONAL}
    missing = [column for column in REQUIRED if not wanted[column]]
    doubled = [column for column in wanted if wanted[column] > 1]
    if missing:
        return Refusal(f"no known header: {_listed(missing)} missing")
    if doubled:
        return Refusal(f"unclear header: {_listed(doubled)} more than once")
    indices = {column: keys.index(_key(column)) for column in wanted if wanted[column]}
    return Columns(separator, len(names), len(names), **indices)


def is_header(fields: Sequence[str]) -> bool:
    """Whether a row is a header (again): files were put one behind the other."""
    keys = {_key(field) for field in fields[:200]}
    return all(_key(column) in keys for column in REQUIRED)


def _key(name: str) -> str:
    """Letters and digits: `Summons Number `, `summons_number`, `Summons.Number` are one name."""
    return "".join(c for c in name.casefold() if c.isalnum())


def _listed(columns: Sequence[str]) -> str:
    return ", ".join(column.replace("_", " ") for column in columns)
