from datetime import UTC, datetime
from typing import Any

import pytest

from analysis.tables import cell, text_table


def test_names_stand_left_and_numbers_right() -> None:
    rows = [{"place": "Main Street", "violations": 1200}, {"place": None, "violations": 7}]
    assert text_table(["place", "violations"], rows).splitlines() == [
        "place        violations",
        "-----------  ----------",
        "Main Street       1,200",
        "                      7",
    ]


def test_a_long_table_says_how_much_is_not_shown() -> None:
    lines = text_table(["n"], [{"n": number} for number in range(1000)]).splitlines()
    assert lines[-2:] == ["24", "... and 975 more rows"]


def test_no_rows_are_said() -> None:
    assert text_table(["n"], []) == "(no rows)"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, ""),
        (True, "true"),
        (1234567, "1,234,567"),
        (-73.95, "-73.95"),
        (1430.75, "1,430.75"),
        (12345678.9, "12,345,679"),
        (datetime(2026, 3, 2, 12, tzinfo=UTC), "2026-03-02 12:00:00"),
        ("two\nlines", "two lines"),
        ("x" * 50, "x" * 39 + "…"),
        ([1, 2], "[1, 2]"),
    ],
)
def test_a_value_is_short_text(value: Any, expected: str) -> None:
    assert cell(value) == expected
