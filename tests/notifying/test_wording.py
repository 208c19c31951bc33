"""What people read: whom, where, when, and of many the counts first."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from services.notifying.notice import notice_of
from services.notifying.rendering import as_html, as_text
from services.notifying.wording import headline, page_of, printable
from services.reports.alert import Alert, Detail
from services.reports.report import Location
from tests.notifying.hostile import alerts as hostile_alerts
from tests.notifying.samples import alert

NOON = datetime(2026, 3, 2, 12, 0, 7, tzinfo=UTC)
VIOLATION = replace(alert("r-1"), kind="violation", subject="999", time=NOON)
AGITATION = replace(alert("r-2"), time=NOON)


def at(minutes: int, one: Alert = AGITATION, drone_id: str = "drone-1") -> Alert:
    time = NOON + timedelta(minutes=minutes)
    return replace(one, alert_id=f"a{minutes}", time=time, drone_id=drone_id)


@pytest.mark.parametrize(
    ("alerts", "expected"),
    [
        ([AGITATION], "Agitation: Aurore Durand, near Rue de Rivoli"),
        ([VIOLATION], "Violation 999, near Rue de Rivoli"),
        (
            [replace(AGITATION, location=None, detail=Detail(place="Pont Neuf"))],
            "Agitation: Aurore Durand, near Pont Neuf",
        ),
        (
            [replace(AGITATION, location=None, detail=Detail())],
            "Agitation: Aurore Durand, drone drone-1",
        ),
        (
            [at(0), at(4, VIOLATION), at(2, drone_id="drone-2")],
            "3 alerts, 12:00 to 12:04 UTC, 2 drones",
        ),
        ([at(0), at(0, VIOLATION)], "2 alerts, 12:00 UTC, 1 drone"),
        ([at(0), at(3)], "Agitation: Aurore Durand, 2 alerts, 12:00 to 12:03 UTC"),
        (
            [at(0), at(1440, VIOLATION)],
            "2 alerts, 2026-03-02 12:00 to 2026-03-03 12:00 UTC, 1 drone",
        ),
    ],
)
def test_the_subject_says_what_it_is_about(alerts: list[Alert], expected: str) -> None:
    assert headline(notice_of(alerts, 0)) == expected


def test_times_of_other_zones_are_told_in_utc() -> None:
    elsewhere = replace(at(0), time=datetime.fromisoformat("2026-03-02T14:00:07+02:00"))
    assert "12:00 UTC" in headline(notice_of([elsewhere, at(0, VIOLATION)], 0))


def test_a_mail_of_one_alert_says_all_that_is_known() -> None:
    assert as_text(page_of(notice_of([AGITATION], 0))) == (
        """\
Agitation: Aurore Durand, near Rue de Rivoli

Time         2026-03-02 12:00:07 UTC
Place        Rue de Rivoli
Position     48.85660, 2.35220
Drone        drone-1
Its state    battery 83%, motor 41 °C, vibration 0.31 g, 1234 flight hours, signal -67 dBm
Words heard  market, rain
Report       r-2
Alert        r-2-agitation-0
Map          https://www.openstreetmap.org/?mlat=48.85660&mlon=2.35220#map=18/48.85660/2.35220
"""
    )


def test_what_is_not_known_is_not_mentioned() -> None:
    bare = replace(AGITATION, location=None, detail=Detail())
    assert as_text(page_of(notice_of([bare], 0))) == (
        """\
Agitation: Aurore Durand, drone drone-1

Time    2026-03-02 12:00:07 UTC
Drone   drone-1
Report  r-2
Alert   r-2-agitation-0
"""
    )


def test_a_digest_tells_the_counts_then_each_alert_in_the_order_of_time() -> None:
    digest = notice_of([at(9, VIOLATION), at(1), at(3), at(2, drone_id="drone-2")], 0)
    assert as_text(page_of(digest)) == (
        """\
4 alerts, 12:01 to 12:09 UTC, 2 drones

Period  2026-03-02 12:01 to 12:09 UTC
Alerts  4

By kind
Alerts  Kind
3       Agitation
1       Violation

By drone and subject
Alerts  Drone    Kind       Subject
2       drone-1  Agitation  Aurore Durand
1       drone-1  Violation  999
1       drone-2  Agitation  Aurore Durand

Each alert
Time (UTC)           Kind       Subject        Drone    Place          Alert
2026-03-02 12:01:07  Agitation  Aurore Durand  drone-1  Rue de Rivoli  a1
2026-03-02 12:02:07  Agitation  Aurore Durand  drone-2  Rue de Rivoli  a2
2026-03-02 12:03:07  Agitation  Aurore Durand  drone-1  Rue de Rivoli  a3
2026-03-02 12:09:07  Violation  999            drone-1  Rue de Rivoli  a9
"""
    )


def test_a_long_list_of_subjects_ends_with_how_many_are_left_out() -> None:
    many = [replace(at(n), subject=f"citizen-{n}") for n in range(30)]
    _, by_subject, each = page_of(notice_of(many, 0)).tables
    assert len(by_subject.rows) == 21
    assert by_subject.rows[-1] == ("10", "10 more", "", "")
    assert len(each.rows) == 30


def test_of_many_words_the_first_are_shown() -> None:
    words = tuple(f"w{n}" for n in range(43))
    facts = dict(page_of(notice_of([replace(AGITATION, detail=Detail(words))], 0)).facts)
    assert facts["Words heard"].endswith("w38, w39 and 3 more")


@pytest.mark.parametrize(("kept", "expected"), [(2, "w0, w1 and 7 more"), (43, "w39 and 10 more")])
def test_words_that_the_alert_left_out_are_counted(kept: int, expected: str) -> None:
    detail = Detail(tuple(f"w{n}" for n in range(kept)), words_omitted=7)
    facts = dict(page_of(notice_of([replace(AGITATION, detail=detail)], 0)).facts)
    assert facts["Words heard"].endswith(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Zoë O'Hara", "Zoë O'Hara"),
        ("張偉", "張偉"),
        ("a\r\nb\tc\u2028d\u00a0e", "a  b c d e"),
        ("a\x00b\x1b[31m\u202ec", "a\ufffdb\ufffd[31m\ufffdc"),
        ("  ", ""),
        ("a" * 81, "a" * 79 + "…"),
    ],
)
def test_a_text_becomes_one_printable_line(text: str, expected: str) -> None:
    assert printable(text) == expected


def test_html_links_to_the_map_only_where_the_position_is_known() -> None:
    assert "openstreetmap.org/?mlat=48.85660&amp;mlon=2.35220" in as_html(
        page_of(notice_of([AGITATION], 0))
    )
    placed = replace(AGITATION, location=Location(place="Rue de Rivoli"))
    assert "<a " not in as_html(page_of(notice_of([placed], 0)))


@settings(deadline=None)
@given(st.lists(hostile_alerts, min_size=1, max_size=4))
def test_whatever_an_alert_holds_the_subject_is_one_short_printable_line(
    alerts: list[Alert],
) -> None:
    subject = headline(notice_of(alerts, 0))
    assert subject.isprintable()
    assert len(subject) <= 250
