"""What a row becomes, and why it becomes nothing: the case is data."""

from datetime import UTC, datetime

import pytest

from services.loading.reasons import Reason, Rejection
from services.loading.rows import report
from services.reports.codec import encoded
from services.reports.report import Location, Report, Violation
from tests.loading.tables import NAMES, TODAY, columns, content, values


def test_a_whole_row_becomes_a_report_of_when_what_and_where() -> None:
    assert content(
        Violation_County="NY", House_Number="712", Street_Name="W 175 ST", Violation_Precinct="33"
    ) == Report(
        report_id="nypd-1283294138",
        drone_id="nypd-history",
        time=datetime(2013, 8, 4, 11, 52, tzinfo=UTC),
        source="nypd",
        location=Location(place="712 W 175 ST, Manhattan"),
        violation=Violation("46"),
    )


def test_a_row_without_any_place_is_a_report_without_location() -> None:
    found = content()

    assert isinstance(found, Report)
    assert found.location is None


def test_the_plate_is_not_taken_over() -> None:
    found = content(Plate_ID="GBB9093")

    assert isinstance(found, Report)
    assert b"GBB9093" not in encoded(found)


def test_a_file_of_only_the_four_needed_columns_is_enough() -> None:
    names = ("Violation Code", "Violation Time", "Issue Date", "Summons Number")
    found = report(["46", "0752A", "08/04/2013", "1283294138"], columns(*names), TODAY)

    assert found == content()


@pytest.mark.parametrize(
    "spelling",
    [
        *("1283294138", " 1283294138 ", "1283294138.0", "1283294138.", "01283294138"),
        *("1,283,294,138", "'1283294138", '="1283294138"', "1.283294138E9", "1.283294138e+09"),
        *('"1283294138"', "1283294138\u00a0", "1283294138,0"),
        *("1.283.294.138", "1 283 294 138", "1\u202f283\u202f294\u202f138", "1'283'294'138"),
    ],
)
def test_one_summons_has_one_report_id_however_it_is_written(spelling: str) -> None:
    found = content(Summons_Number=spelling)

    assert isinstance(found, Report)
    assert found.report_id == "nypd-1283294138"


@pytest.mark.parametrize(
    "spelling",
    [
        *("", "NA", "0", "1.28E+09", "1.28329E+09", "1283294138.5", "-1283294138", "12832x4138"),
        *("1283 294138", "12", "1283294138123456", "1,28,3294138", "1.283,294.138", "#########"),
        *("\u0661\u0662\u0668\u0663\u0662\u0669\u0664\u0661\u0663\u0668", "x" * 60_000),
    ],
)
def test_what_is_no_summons_number_is_rejected(spelling: str) -> None:
    found = content(Summons_Number=spelling)

    assert isinstance(found, Rejection)
    assert found.reason is Reason.SUMMONS_NUMBER


@pytest.mark.parametrize(
    ("spelling", "code"),
    [
        ("46", "46"),
        ("046", "46"),
        ("46.0", "46"),
        ("46,0", "46"),
        (" 7 ", "7"),
        ("07", "7"),
        ("99", "99"),
    ],
)
def test_a_code_is_its_number_without_leading_zeros(spelling: str, code: str) -> None:
    found = content(Violation_Code=spelling)

    assert isinstance(found, Report)
    assert found.violation == Violation(code)


@pytest.mark.parametrize("spelling", ["", "NA", "0", "00", "100", "999", "4x", "-4", "4.6", "4 6"])
def test_what_is_no_code_is_rejected(spelling: str) -> None:
    assert content(Violation_Code=spelling) == Rejection(Reason.CODE, spelling)


def test_a_header_among_the_rows_is_told_as_such() -> None:
    assert report(list(NAMES), columns(), TODAY) == Rejection(Reason.HEADER)


def test_a_place_longer_than_a_report_may_hold_is_rejected() -> None:
    found = content(Street_Name="x" * 1_001)

    assert isinstance(found, Rejection)
    assert found.reason is Reason.PLACE


@pytest.mark.parametrize("blank", ["", " ", "NA", "n/a", "NULL", "NaN", "-", "None", "\\N", "#N/A"])
def test_a_blank_is_blank_in_every_tools_spelling(blank: str) -> None:
    blanks = dict.fromkeys(
        ("Violation_County", "House_Number", "Street_Name", "Intersecting_Street"), blank
    )

    assert content(**blanks) == content()
    assert content(Issue_Date=blank) == Rejection(Reason.DATE_BLANK)
    assert content(Violation_Time=blank) == Rejection(Reason.TIME_BLANK)


def test_a_reason_is_one_printable_line_with_what_stood_there() -> None:
    found = content(Violation_Time="09\n+4A")

    assert str(found) == "unreadable time: 09?+4A"
    assert "x" * 60 in str(content(Violation_Time="x" * 60_000))
    assert values()[0] not in str(found)
