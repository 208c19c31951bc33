"""Which records of `alerts` are alerts, and when those were detected."""

from dataclasses import dataclass

import pytest
from msgspec.structs import replace

from services.notifying.intake import ALERT_ID_MAX_CHARACTERS, judged
from services.reports.codec import Rejection, encoded
from services.stream.headed import detected_at_ms
from tests.notifying.samples import alert

ARRIVED_MS = 1_790_000_000_123


@dataclass(frozen=True, slots=True)
class KafkaRecord:
    headers: list[tuple[str, bytes]]
    timestamp: int = ARRIVED_MS
    value: bytes | None = None
    offset: int = 0
    key: bytes | None = None


def test_an_alert_is_one() -> None:
    assert judged(encoded(alert("r-1"))) == alert("r-1")


@pytest.mark.parametrize("value", [None, b"", b"{}", b"[" * 2_000, b"\xff", b'"text"'])
def test_what_is_no_alert_is_told_why(value: bytes | None) -> None:
    rejection = judged(value)
    assert isinstance(rejection, Rejection)
    assert rejection.reason.isprintable()


@pytest.mark.parametrize(
    "alert_id", ["", "a\r\nBcc: all@example.org", "é", "x" * (ALERT_ID_MAX_CHARACTERS + 1)]
)
def test_an_id_that_could_be_no_header_is_refused(alert_id: str) -> None:
    assert isinstance(judged(encoded(replace(alert("r-1"), alert_id=alert_id))), Rejection)


def test_the_header_says_when_it_was_detected() -> None:
    record = KafkaRecord([("other", b"1"), ("detected_at_ms", b"1789999999999")])
    assert detected_at_ms(record) == 1_789_999_999_999


@pytest.mark.parametrize("digits", [b"", b"soon", b"-1", b"9" * 4_000, "²".encode()])
def test_without_a_sound_header_it_is_the_records_arrival(digits: bytes) -> None:
    assert detected_at_ms(KafkaRecord([("detected_at_ms", digits)])) == ARRIVED_MS
    assert detected_at_ms(KafkaRecord([])) == ARRIVED_MS
