"""What is said of where it was, from every spelling: the case is data."""

import pytest

from services.loading.reasons import Rejection
from services.loading.rows import report
from tests.loading.tables import NAMES, TODAY, columns, content, values


def place(**columns: str) -> str | None:
    found = content(**columns)
    assert not isinstance(found, Rejection)
    return found.location.place if found.location else None


@pytest.mark.parametrize(
    ("borough", "spellings"),
    [
        ("Manhattan", "NY,MN,MAN,MANH,Manhattan,NEW YORK,New York County,NEW Y,NEWY,N.Y.,1,ny "),
        ("Bronx", "BX,BRONX,Bronx,BRX,PBX,ABX,The Bronx,2,2.0"),
        ("Brooklyn", "K,BK,KINGS,King's,KING,KS,BKLYN,Brooklyn,Kings County,3,36047"),
        ("Queens", "Q,QN,QNS,QUEENS,QUEEN,Qns,QU,4"),
        ("Staten Island", "R,ST,RICH,RICHM,RICHMOND,RC,SI,S.I.,Staten Island,STATEN ISLAND,5"),
    ],
)
def test_a_county_in_any_spelling_is_one_borough(borough: str, spellings: str) -> None:
    for spelling in spellings.split(","):
        assert place(Violation_County=spelling, Violation_Precinct="0") == borough


@pytest.mark.parametrize(
    ("precinct", "borough"),
    [
        *(("1", "Manhattan"), ("34", "Manhattan"), ("40", "Bronx"), ("52", "Bronx")),
        *(("60", "Brooklyn"), ("0094", "Brooklyn"), ("100", "Queens"), ("115", "Queens")),
        *(("120", "Staten Island"), ("123", "Staten Island"), ("33.0", "Manhattan")),
        *(("0", None), ("", None), ("35", None), ("59", None), ("124", None), ("999", None)),
        *(("-1", None), ("x", None), ("\u0663\u0663", None), ("9" * 60_000, None)),
    ],
)
@pytest.mark.parametrize("county", ["", "NA", "103", "USA", "x" * 60_000])
def test_where_the_county_says_nothing_the_precinct_does(
    county: str, precinct: str, borough: str | None
) -> None:
    assert place(Violation_County=county, Violation_Precinct=precinct) == borough


def test_where_the_precinct_is_unknown_the_location_column_may_have_it() -> None:
    names = ("Violation Precinct", "Violation Location")
    columns_with_both = columns(*NAMES[:4], *NAMES[5:], *names)
    row = [*values()[:4], *values()[5:]]

    for precinct, location, expected in (("0", "0033", "Manhattan"), ("44", "0033", "Bronx")):
        found = report([*row, precinct, location], columns_with_both, TODAY)
        assert not isinstance(found, Rejection)
        assert found.location is not None
        assert found.location.place == expected


def test_the_county_counts_more_than_the_precinct() -> None:
    assert place(Violation_County="K", Violation_Precinct="33") == "Brooklyn"


@pytest.mark.parametrize(
    ("house", "street", "crossing", "expected"),
    [
        ("712", "W 175 ST", "", "712 W 175 ST, Bronx"),
        ("712", "W 175 ST", "Broadway", "712 W 175 ST / BROADWAY, Bronx"),
        ("", "Broadway", "", "BROADWAY, Bronx"),
        ("", "", "ARCHER AVE", "ARCHER AVE, Bronx"),
        ("", "", "", "Bronx"),
        ("12-02", " 3rd   Ave ", "", "12-02 3RD AVE, Bronx"),
        ("712.0", "W 175 ST", "NA", "712 W 175 ST, Bronx"),
        # A direction, a zero, and what a spreadsheet made of 12-02 are no house numbers.
        *(
            (house, "BROADWAY", "", "BROADWAY, Bronx")
            for house in ("N", "0", "0.0", "2-Dec", "Dec-45")
        ),
        # Cameras write over the end of one column of 20 characters into the next.
        ("", "SB WILDER AVE @ AMBE", "R ST", "SB WILDER AVE / AMBER ST, Bronx"),
        ("", "ALLERTON AVE (W/B) @", "BARNES AVE", "ALLERTON AVE (W/B) / BARNES AVE, Bronx"),
        ("", "WB BOSTON RD @", "E 177 ST", "WB BOSTON RD / E 177 ST, Bronx"),
        ("", "EB HORACE HARDING EX", "PWY @ 185 ST", "EB HORACE HARDING EXPWY / 185 ST, Bronx"),
        ("", "BROAD\x07WAY", "", "BROADWAY, Bronx"),
        ("", "PE\u00d1A ST", "", "PE\u00d1A ST, Bronx"),
    ],
)
def test_a_place_is_what_is_known_of_it(
    house: str, street: str, crossing: str, expected: str
) -> None:
    assert expected == place(
        House_Number=house, Street_Name=street, Intersecting_Street=crossing, Violation_County="BX"
    )


def test_a_street_without_borough_is_a_place() -> None:
    assert place(Street_Name="BROADWAY") == "BROADWAY"


@pytest.mark.parametrize("street", ["", "x", "@" * 500, " @ ", "\u202e", ", "])
def test_no_coordinates_are_invented(street: str) -> None:
    found = content(Street_Name=street, Violation_County="K")

    assert not isinstance(found, Rejection)
    assert found.location is not None
    assert (found.location.latitude, found.location.longitude) == (None, None)
