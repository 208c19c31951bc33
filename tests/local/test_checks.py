import pytest

from local.checks import (
    PublishedAlert,
    Row,
    alert_differences,
    archive_differences,
    history_differences,
    notice_differences,
)
from simulator.history_file import Entry as Line
from simulator.ledger import Entry

SENT = (
    Entry(partition=0, offset=0, report_id="a", alerts=("a-violation-0",)),
    Entry(partition=0, offset=1, report_id="b"),
    Entry(partition=1, offset=0, digest="0123", fault="garbage"),
    Entry(partition=1, offset=1, digest=None, fault="null"),
)
ROWS = (Row(0, 0, "a"), Row(0, 1, "b"), Row(1, 0, "0123"), Row(1, 1, None))
UNKNOWN = Entry(report_id="u", alerts=("u-violation-0",), outcome="unknown")


def alert(alert_id: str, value: bytes = b"{}") -> PublishedAlert:
    return PublishedAlert(alert_id, value, 7)


def test_an_archive_that_holds_what_was_sent_passes_in_any_order():
    assert archive_differences(SENT, ROWS[::-1]) == ()


@pytest.mark.parametrize(
    ("rows", "difference"),
    [
        (ROWS[1:], "acknowledged, but not in the archive: 1 (partition 0 offset 0)"),
        ((*ROWS, ROWS[0]), "in the archive more than once: 1 (partition 0 offset 0)"),
        (
            (Row(0, 0, "x"), *ROWS[1:]),
            "in the archive with another content than was sent: 1 (partition 0 offset 0)",
        ),
        (
            (*ROWS[:3], Row(1, 1, "4567")),
            "in the archive with another content than was sent: 1 (partition 1 offset 1)",
        ),
        ((*ROWS, Row(2, 0, "z")), "in the archive, but never sent: 1 (z)"),
    ],
)
def test_each_difference_of_the_archive_is_told_alone(rows, difference):
    assert archive_differences(SENT, rows) == (difference,)


def test_a_record_without_an_answer_may_stand_in_the_archive_or_not():
    assert archive_differences((*SENT, UNKNOWN), ROWS) == ()
    assert archive_differences((*SENT, UNKNOWN), (*ROWS, Row(3, 0, "u"))) == ()


def test_a_record_without_an_answer_stands_in_the_archive_at_most_once():
    twice = (*ROWS, Row(3, 0, "u"), Row(3, 1, "u"))
    assert archive_differences((*SENT, UNKNOWN), twice) == (
        "in the archive, but never sent: 1 (u)",
    )


def test_many_differences_are_counted_and_the_first_few_shown():
    [line] = archive_differences([Entry(0, n, report_id=f"{n}") for n in range(9)], [])
    assert line.startswith("acknowledged, but not in the archive: 9 (partition 0 offset 0, ")
    assert line.endswith("offset 4, ...)")


def test_an_alert_published_twice_alike_passes():
    assert alert_differences(SENT, [alert("a-violation-0"), alert("a-violation-0")]) == ()


@pytest.mark.parametrize(
    ("alerts", "difference"),
    [
        ([], "expected, but not published, alert: 1 (a-violation-0)"),
        (
            [alert("a-violation-0"), alert("b-violation-0")],
            "published, but not expected, alert: 1 (b-violation-0)",
        ),
        (
            [alert("a-violation-0"), alert("a-violation-0", b"[]")],
            "published with two contents, alert: 1 (a-violation-0)",
        ),
    ],
)
def test_each_difference_of_the_alerts_is_told_alone(alerts, difference):
    assert alert_differences(SENT, alerts) == (difference,)


def test_a_report_without_an_answer_may_have_raised_its_alert_or_not():
    sent = (*SENT, UNKNOWN)
    assert alert_differences(sent, [alert("a-violation-0")]) == ()
    assert alert_differences(sent, [alert("a-violation-0"), alert("u-violation-0")]) == ()


PUBLISHED = [alert("a-violation-0"), alert("b-violation-0"), alert("b-violation-0")]


def test_an_alert_published_twice_and_mailed_once_passes_alone_or_in_a_digest():
    assert notice_differences(PUBLISHED, [["a-violation-0", "b-violation-0"]], "mailed") == ()
    assert notice_differences(PUBLISHED, [["a-violation-0"], ["b-violation-0"]], "mailed") == ()


@pytest.mark.parametrize(
    ("notices", "difference"),
    [
        ([["a-violation-0"]], "published, but not mailed, alert: 1 (b-violation-0)"),
        (
            [["a-violation-0", "b-violation-0"], ["a-violation-0"]],
            "mailed more than once, alert: 1 (a-violation-0)",
        ),
        (
            [["a-violation-0", "b-violation-0", "c-violation-0"]],
            "mailed, but not published, alert: 1 (c-violation-0)",
        ),
    ],
)
def test_each_difference_of_the_notices_is_told_alone(notices, difference):
    assert notice_differences(PUBLISHED, notices, "mailed") == (difference,)


FILE = (Line(2, "nypd-1"), Line(3, fault="utf8_broken"), Line(4, "nypd-1"), Line(5, "nypd-2"))
LOADED = tuple(Row(0, offset, f"nypd-{number}") for offset, number in enumerate((1, 1, 2)))


def test_a_history_that_is_in_the_archive_or_set_aside_passes_repeated_rows_too():
    assert history_differences(FILE, LOADED, [3]) == ()


@pytest.mark.parametrize(
    ("rows", "rejected", "difference"),
    [
        (LOADED[1:], [3], "of history, but not in the archive: 1 (nypd-1)"),
        ((*LOADED, LOADED[2]), [3], "in the archive, but not of history: 1 (nypd-2)"),
        (LOADED, [], "no report, but not set aside, line: 1 (3)"),
        (LOADED, [3, 3], "set aside, but a report, line: 1 (3)"),
        (LOADED, [3, 5], "set aside, but a report, line: 1 (5)"),
    ],
)
def test_each_difference_of_the_history_is_told_alone(rows, rejected, difference):
    assert history_differences(FILE, rows, rejected) == (difference,)
