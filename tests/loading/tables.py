"""A small file's header and rows: only what a test is about is named."""

from datetime import date

from services.loading.columns import Columns, Refusal, columns_in
from services.loading.reasons import Rejection
from services.loading.rows import report
from services.reports.report import Report

TODAY = date(2026, 11, 22)
NAMES = (
    *("Summons Number", "Plate ID", "Issue Date", "Violation Code", "Violation Precinct"),
    *("Violation Time", "Violation County", "House Number", "Street Name", "Intersecting Street"),
)
VALUES = dict.fromkeys(NAMES, "") | {
    "Summons Number": "1283294138",
    "Plate ID": "GBB9093",
    "Issue Date": "08/04/2013",
    "Violation Code": "46",
    "Violation Time": "0752A",
}


def columns(*names: str, separator: str = ",") -> Columns:
    found = columns_in(names or NAMES, separator)
    assert not isinstance(found, Refusal)
    return found


def values(**changed: str) -> list[str]:
    """A sound row's fields, in NAMES' order; changed by names as Python can write them."""
    return list(
        (VALUES | {name.replace("_", " "): text for name, text in changed.items()}).values()
    )


def content(**changed: str) -> Report | Rejection:
    return report(values(**changed), columns(), TODAY)
