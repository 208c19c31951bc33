"""What alerting sends for a record: where to, under which key, with which headers."""

from dataclasses import dataclass

import pytest

from services.alerting.outbox import Addresses, Outbox
from services.alerting.rules import Rules
from services.reports.codec import encoded
from services.stream.outgoing import Origin
from tests.faults.samples import sound_report

ORIGIN = Origin("reports", 7)
OUTBOX = Outbox(Rules(), Addresses("alerts", "rejected"), now_ms=lambda: 1_234)


@dataclass(frozen=True, slots=True)
class KafkaRecord:
    value: bytes | None
    offset: int = 42
    timestamp: int = 1_000
    key: bytes | None = b"drone-1"


def test_a_calm_report_sends_nothing() -> None:
    assert OUTBOX.outgoing(ORIGIN, KafkaRecord(encoded(sound_report("r")))) == ()


def test_an_alert_goes_out_under_its_drone_with_both_times() -> None:
    record = KafkaRecord(encoded(sound_report("r", code="999")))
    [outgoing] = OUTBOX.outgoing(ORIGIN, record)
    assert (outgoing.topic, outgoing.key) == ("alerts", b"drone-1")
    assert dict(outgoing.headers) == {"detected_at_ms": b"1234", "reported_at_ms": b"1000"}


def test_when_it_was_detected_is_not_in_the_content() -> None:
    record = KafkaRecord(encoded(sound_report("r", code="999")))
    later = Outbox(OUTBOX.rules, OUTBOX.addresses, now_ms=lambda: 9_999)
    assert OUTBOX.outgoing(ORIGIN, record)[0].value == later.outgoing(ORIGIN, record)[0].value


@pytest.mark.parametrize("value", [None, b"", b"{", b"\xff\xfe", encoded(sound_report("r")) * 2])
@pytest.mark.parametrize("key", [None, b"drone-1"])
def test_garbage_goes_out_as_it_came_and_says_why_and_where_it_stood(
    value: bytes | None, key: bytes | None
) -> None:
    [outgoing] = OUTBOX.outgoing(ORIGIN, KafkaRecord(value, key=key))
    assert (outgoing.topic, outgoing.key, outgoing.value) == ("rejected", key, value)
    headers = dict(outgoing.headers)
    assert headers.pop("reason")
    assert headers == {
        "origin_topic": b"reports",
        "origin_partition": b"7",
        "origin_offset": b"42",
    }
