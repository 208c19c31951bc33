"""What a receiver of webhooks gets, and how it knows that it is ours."""

import hmac
import json
import re
from hashlib import sha256

import pytest
from hypothesis import given, settings
from msgspec.structs import replace

from services.notifying.event import body_of, event_headers, event_of, signature
from services.notifying.notice import notice_of
from services.reports.alert import Alert
from services.reports.codec import encoded
from tests.notifying.hostile import alerts as hostile_alerts
from tests.notifying.samples import alert, notice

SECRET = b"not-a-real-secret"


def test_the_signature_is_what_openssl_computes() -> None:
    # printf '1772452800.{"event_id":"r-1"}' | openssl dgst -sha256 -hmac not-a-real-secret
    expected = "be333d2e2101a7dede630fdc47b3bb4d90249628ecbe9811686d01e911e0845c"
    assert signature(SECRET, 1_772_452_800, b'{"event_id":"r-1"}') == expected


def test_the_headers_sign_the_body_and_the_time() -> None:
    event = event_of(notice("r-1"))
    body = body_of(event)
    headers = event_headers(event, body, 1_772_452_800, SECRET)
    signed = hmac.new(SECRET, b"1772452800." + body, sha256).hexdigest()
    assert headers == {
        "Content-Type": "application/json",
        "Dronewatch-Event-Id": "r-1-agitation-0",
        "Dronewatch-Timestamp": "1772452800",
        "Dronewatch-Signature": f"v1={signed}",
    }


def test_a_single_alert_is_an_event_under_its_own_id() -> None:
    event = json.loads(body_of(event_of(replace(notice("r-1"), detected_at_ms=7))))
    assert event == {
        "event_id": "r-1-agitation-0",
        "type": "alert",
        "detected_at_ms": 7,
        "alerts": [json.loads(encoded(alert("r-1")))],
    }


def test_a_digest_is_an_event_with_all_its_alerts() -> None:
    content = notice_of([alert("r-1"), alert("r-2")], 7)
    event = json.loads(body_of(event_of(content)))
    assert (event["type"], event["event_id"]) == ("digest", content.notice_id)
    assert [one["alert_id"] for one in event["alerts"]] == ["r-1-agitation-0", "r-2-agitation-0"]


def test_the_event_is_the_same_whenever_it_is_sent() -> None:
    again = replace(notice("r-1"), recipients=("https://hooks.example.org",))
    assert body_of(event_of(again)) == body_of(event_of(notice("r-1")))


@settings(deadline=None)
@given(hostile_alerts)
def test_whatever_an_alert_holds_its_headers_are_short_printable_ascii(hostile: Alert) -> None:
    event = event_of(notice_of([hostile], 0))
    headers = event_headers(event, body_of(event), 0, SECRET)
    for header in headers.values():
        assert header.isascii()
        assert header.isprintable()
        assert len(header) <= 200
    assert event_of(notice_of([hostile], 0)).event_id == event.event_id


@settings(deadline=None)
@given(hostile_alerts)
def test_the_body_is_one_line_of_json_with_the_alert_as_it_was(hostile: Alert) -> None:
    body = body_of(event_of(notice_of([hostile], 0)))
    assert b"\n" not in body
    assert json.loads(body)["alerts"][0]["subject"] == hostile.subject


@pytest.mark.parametrize("alert_id", ["a" * 201, "a\r\nX-Admin: yes", "zoë", " a", ""])
def test_an_id_that_no_header_can_carry_is_replaced_by_a_hash_of_it(alert_id: str) -> None:
    event = event_of(notice_of([replace(alert("r-1"), alert_id=alert_id)], 0))
    assert re.fullmatch("alert-[0-9a-f]{32}", event.event_id)
    assert event.alerts[0].alert_id == alert_id
