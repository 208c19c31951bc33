"""The real rows of three fiscal years, against a count that shares no code with the rules."""

import csv
import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from services.loading.headings import HEADING_BYTES, Heading, heading
from services.loading.lines import rows
from services.loading.reasons import Reason, Rejection
from services.loading.rows import report
from services.reports.codec import encoded
from services.reports.report import Report
from tests.loading.tables import TODAY

SAMPLE = Path(__file__).parents[2] / "../shared/data/nyc-parking/violations-sample.csv"
COUNTIES = {"K": "Brooklyn", "NY": "Manhattan", "Q": "Queens", "BX": "Bronx", "R": "Staten Island"}
CLOCK = re.compile(r"(0\d|1[012])[0-5]\d[AP]")

pytestmark = pytest.mark.skipif(not SAMPLE.exists(), reason="the sample is not on this machine")


@pytest.fixture(scope="module")
def contents() -> list[Report | Rejection]:
    """What the rules make of each line below the header."""
    with SAMPLE.open("rb") as file:
        head = heading(file.read(HEADING_BYTES))
        assert isinstance(head, Heading)
        file.seek(head.end.offset)
        found = rows(iter(lambda: file.read(65_536), b""), head.end, head.columns)
        return [
            row.fields
            if isinstance(row.fields, Rejection)
            else report(row.fields, head.columns, TODAY)
            for row in found
        ]


@pytest.fixture(scope="module")
def lines() -> list[dict[str, str]]:
    """The same lines, as the csv module reads them."""
    with SAMPLE.open(newline="") as file:
        return list(csv.DictReader(file))


def counted(line: dict[str, str]) -> Reason | None:
    """Why the line should be no report, looked at in another way than the rules do."""
    day = datetime.strptime(line["Issue Date"], "%m/%d/%Y").date()
    if day > TODAY:
        return Reason.DATE_RANGE
    if not line["Violation Time"]:
        return Reason.TIME_BLANK
    return None if CLOCK.fullmatch(line["Violation Time"]) else Reason.TIME


def local_time(line: dict[str, str]) -> datetime:
    """The line's time by strptime, which knows no hour 0 of twelve."""
    hour = line["Violation Time"][:2].replace("00", "12")
    text = f"{line['Issue Date']} {hour}{line['Violation Time'][2:]}M"
    return datetime.strptime(text, "%m/%d/%Y %I%M%p").replace(tzinfo=ZoneInfo("America/New_York"))


def pairs(
    contents: list[Report | Rejection], lines: list[dict[str, str]]
) -> Iterator[tuple[Report, dict[str, str]]]:
    both = zip(contents, lines, strict=True)
    return ((content, line) for content, line in both if isinstance(content, Report))


def test_every_line_is_a_report_or_rejected_for_the_counted_reason(
    contents: list[Report | Rejection], lines: list[dict[str, str]]
) -> None:
    reasons = [found.reason if isinstance(found, Rejection) else None for found in contents]

    assert reasons == [counted(line) for line in lines]
    assert Counter(reasons) == {
        None: 28_780,
        Reason.TIME_BLANK: 213,
        Reason.TIME: 3,
        Reason.DATE_RANGE: 2,
    }


def test_every_report_says_when_and_what_its_line_says(
    contents: list[Report | Rejection], lines: list[dict[str, str]]
) -> None:
    for found, line in pairs(contents, lines):
        assert found.report_id == f"nypd-{line['Summons Number']}"
        assert found.time == local_time(line)
        assert found.violation is not None
        assert found.violation.code == line["Violation Code"]


def borough(found: Report) -> str:
    place = found.location.place if found.location else None
    return (place or "").split(", ")[-1]


def test_every_county_is_its_borough(
    contents: list[Report | Rejection], lines: list[dict[str, str]]
) -> None:
    for found, line in pairs(contents, lines):
        if line["Violation County"]:
            assert borough(found) == COUNTIES[line["Violation County"]]


def test_most_blank_counties_have_a_precinct_instead(
    contents: list[Report | Rejection], lines: list[dict[str, str]]
) -> None:
    blank = [found for found, line in pairs(contents, lines) if not line["Violation County"]]
    known = [found for found in blank if borough(found) in COUNTIES.values()]

    assert len(blank) > 700
    assert len(known) > 0.95 * len(blank)


def test_no_plate_is_taken_over(
    contents: list[Report | Rejection], lines: list[dict[str, str]]
) -> None:
    for found, line in pairs(contents, lines):
        if len(line["Plate ID"]) > 6:
            place = found.location.place if found.location else ""
            assert line["Plate ID"] not in encoded(found).decode().replace(place or "", "")


def test_a_summons_in_several_lines_is_one_report_id(
    contents: list[Report | Rejection], lines: list[dict[str, str]]
) -> None:
    found = {report.report_id for report, _ in pairs(contents, lines)}

    assert len(found) == len({line["Summons Number"] for line in lines if counted(line) is None})
