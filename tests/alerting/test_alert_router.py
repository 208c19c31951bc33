"""The records that alerting sends: their topics, keys and headers."""

from dataclasses import dataclass

import pytest

from services.alerting.alert_router import AlertRouter, OutputTopics, reported_at_ms
from services.alerting.rules import Rules
from services.reports.codec import Oversize, decoded, encoded
from services.reports.report import Report
from services.stream.outgoing import Origin, Outgoing
from tests.faults.samples import sound_report

ORIGIN = Origin("reports", 7)
ROUTER = AlertRouter(Rules(), OutputTopics("alerts", "rejected"))


@dataclass(frozen=True, slots=True)
class KafkaRecord:
    value: bytes | None
    offset: int = 42
    timestamp: int = 1_000
    key: bytes | None = b"drone-1"
    oversize: Oversize | None = None


def alerts(record: KafkaRecord, now_ms: int = 1_234) -> list[Outgoing]:
    """As alerting sends them at this time."""
    report = decoded(record.value)
    assert isinstance(report, Report)
    return list(ROUTER.alerts(report, record, lambda: now_ms))


def test_a_calm_report_sends_nothing() -> None:
    assert alerts(KafkaRecord(encoded(sound_report("r")))) == []


def test_an_alert_goes_out_under_its_drone_with_both_times() -> None:
    [outgoing] = alerts(KafkaRecord(encoded(sound_report("r", code="999"))))
    assert (outgoing.topic, outgoing.key) == ("alerts", b"drone-1")
    assert dict(outgoing.headers) == {"detected_at_ms": b"1234", "reported_at_ms": b"1000"}
    assert reported_at_ms(outgoing) == 1_000


def test_when_it_was_detected_is_not_in_the_content() -> None:
    record = KafkaRecord(encoded(sound_report("r", code="999")))
    assert alerts(record)[0].value == alerts(record, now_ms=9_999)[0].value


@pytest.mark.parametrize("value", [None, b"", b"{", b"\xff\xfe"])
@pytest.mark.parametrize("key", [None, b"drone-1"])
def test_garbage_goes_out_as_it_came_and_says_why_and_where_it_was(
    value: bytes | None, key: bytes | None
) -> None:
    outgoing = ROUTER.rejection(ORIGIN, KafkaRecord(value, key=key), "no report")
    assert (outgoing.topic, outgoing.key, outgoing.value) == ("rejected", key, value)
    assert dict(outgoing.headers) == {
        "reason": b"no report",
        "origin_topic": b"reports",
        "origin_partition": b"7",
        "origin_offset": b"42",
    }


def test_of_an_oversize_record_the_beginning_goes_out_and_says_size_and_digest_of_the_whole() -> (
    None
):
    record = KafkaRecord(b"begin", oversize=Oversize(2**21, "ab" * 32))
    outgoing = ROUTER.rejection(ORIGIN, record, "too large")
    headers = dict(outgoing.headers)
    assert outgoing.value == b"begin"
    assert headers["cut_from_bytes"] == b"2097152"
    assert headers["cut_from_sha256"] == b"ab" * 32
