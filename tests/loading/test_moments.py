"""Every spelling of date and time that is read, and those that are not: the case is data."""

from datetime import UTC, date, datetime

import pytest

from services.loading.moments import moment
from services.loading.reasons import Reason, Rejection
from tests.loading.tables import TODAY


def at(hour: int, minute: int) -> datetime:
    """A time of 4 August 2013 in New York, four hours behind UTC, in UTC."""
    return datetime(2013, 8, 4 + (hour + 4) // 24, (hour + 4) % 24, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("spelling", "hour", "minute"),
    [
        *(("0857A", 8, 57), ("0857P", 20, 57), ("0857a", 8, 57), ("857A", 8, 57)),
        *(("0857AM", 8, 57), ("0857 PM", 20, 57), ("08:57A", 8, 57), ("8:57A", 8, 57)),
        *(("08:57 AM", 8, 57), ("8:57:00 PM", 20, 57), ("08:57 p.m.", 20, 57)),
        *(("1230P", 12, 30), ("12:57A", 0, 57), ("1257A", 0, 57), ("0057A", 0, 57)),
        *(("0030P", 12, 30), ("1200P", 12, 0), ("1200A", 0, 0), ("1159P", 23, 59)),
        *(("20:57", 20, 57), ("08:57", 8, 57), ("8:57", 8, 57), ("20:57:00", 20, 57)),
        *(("20:57:00.000", 20, 57), ("2057", 20, 57), ("0057", 0, 57), ("00:00", 0, 0)),
    ],
)
def test_a_time_is_read_in_every_spelling(spelling: str, hour: int, minute: int) -> None:
    assert moment("08/04/2013", spelling, TODAY) == at(hour, minute)


@pytest.mark.parametrize(
    "spelling",
    [
        *("1260P", "1520P", "8445P", "09+4A", "2057P", "1300A", "0860A", "24:00", "2400", "08:60"),
        *("A", "P", "57A", "0857B", "0857AA", "0857A1", "08:5A", "-857A", "08.57A", "8", "0.373"),
        *("\u0660\u0668\u0665\u0667A", "0857A" * 20, "x" * 60_000),
        # Morning or evening: without A or P nobody knows.
        *("0857", "1257", "857", "0100"),
    ],
)
def test_what_is_no_time_is_rejected_rather_than_guessed(spelling: str) -> None:
    assert moment("08/04/2013", spelling, TODAY) == Rejection(Reason.TIME, spelling)


@pytest.mark.parametrize(
    "spelling",
    [
        *("08/04/2013", "8/4/2013", "08/4/13", "8/4/13", "2013-08-04", "2013-8-4", "2013/08/04"),
        *("20130804", "2013-08-04T00:00:00.000", "2013-08-04T00:00:00", "2013-08-04 00:00:00"),
        *("08/04/2013 12:00:00 AM", "8/4/2013 0:00", "2013-08-04T04:00:00.000Z", "04-Aug-2013"),
        *("2013-08-04 00:00:00 UTC", "2013-08-04 00:00:00+00:00", "4-Aug-13", "Aug 4, 2013"),
        *("August 4, 2013", "04AUG2013", "4 August 2013"),
    ],
)
def test_a_date_is_read_in_every_spelling(spelling: str) -> None:
    assert moment(spelling, "0857A", TODAY) == at(8, 57)


@pytest.mark.parametrize(
    "spelling",
    [
        *("02/29/2013", "02/30/2012", "13/04/2013", "51/71/2004", "29/06/2014", "00/04/2013"),
        *("08/00/2013", "08/04/0000", "0000-00-00", "20130832", "2013-08-04x", "08/04/2013 noon"),
        # Which of these is the month nobody can know.
        *("08-04-2013", "04.08.2013", "04-08-13"),
        # Days since 1900 or since 1904, as two kinds of spreadsheets count.
        *("41490", "41490.0", "1375574400", "4-Abc-2013", "08/04", "08/2013", "########"),
        *("\u0660\u0668/04/2013", "08/04/201", "08/04/20133", "x" * 60_000),
    ],
)
def test_what_is_no_date_is_rejected_rather_than_guessed(spelling: str) -> None:
    assert moment(spelling, "0857A", TODAY) == Rejection(Reason.DATE, spelling)


@pytest.mark.parametrize("spelling", ["02/29/2012", "02/29/2016", "2000-02-29"])
def test_leap_days_are_dates(spelling: str) -> None:
    assert isinstance(moment(spelling, "0857A", TODAY), datetime)


def test_a_date_is_possible_from_1970_to_today() -> None:
    today = date(2016, 6, 30)

    assert isinstance(moment("06/30/2016", "1159P", today), datetime)
    assert isinstance(moment("01/01/1970", "0857A", today), datetime)
    assert moment("07/01/2016", "0857A", today) == Rejection(Reason.DATE_RANGE, "07/01/2016")
    assert moment("12/31/1969", "0857A", today) == Rejection(Reason.DATE_RANGE, "12/31/1969")
    assert moment("08/02/2053", "0857A", today) == Rejection(Reason.DATE_RANGE, "08/02/2053")


@pytest.mark.parametrize(
    ("day", "time", "utc"),
    [
        *(("01/15/2014", "0857A", "2014-01-15T13:57"), ("07/15/2014", "0857A", "2014-07-15T12:57")),
        # The night to 9 March 2014: 02:00 to 02:59 is left out, and read as winter time.
        *(("03/09/2014", "0159A", "2014-03-09T06:59"), ("03/09/2014", "0300A", "2014-03-09T07:00")),
        ("03/09/2014", "0230A", "2014-03-09T07:30"),
        # The night to 2 November 2014: 01:00 to 01:59 comes twice, and is read as the first.
        *(("11/02/2014", "0130A", "2014-11-02T05:30"), ("11/02/2014", "0200A", "2014-11-02T07:00")),
        # Before 2007 summer time began in April.
        ("03/20/2006", "0857A", "2006-03-20T13:57"),
        ("12/31/2013", "1159P", "2014-01-01T04:59"),
    ],
)
def test_new_yorks_time_becomes_utc(day: str, time: str, utc: str) -> None:
    assert moment(day, time, TODAY) == datetime.fromisoformat(utc).replace(tzinfo=UTC)


def test_a_blank_date_or_time_is_told_from_an_unreadable_one() -> None:
    assert moment("", "0857A", TODAY) == Rejection(Reason.DATE_BLANK)
    assert moment("08/04/2013", "", TODAY) == Rejection(Reason.TIME_BLANK)
