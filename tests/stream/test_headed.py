"""When an alert was detected, as its record says."""

from dataclasses import dataclass

import pytest

from services.stream.headed import detected_at_ms

ARRIVED_MS = 1_790_000_000_123


@dataclass(frozen=True, slots=True)
class KafkaRecord:
    headers: list[tuple[str, bytes]]
    timestamp: int = ARRIVED_MS
    value: bytes | None = None
    offset: int = 0
    key: bytes | None = None


def test_the_header_says_when_it_was_detected() -> None:
    record = KafkaRecord([("other", b"1"), ("detected_at_ms", b"1789999999999")])
    assert detected_at_ms(record) == 1_789_999_999_999


@pytest.mark.parametrize("digits", [b"", b"soon", b"-1", b"9" * 4_000, "²".encode()])
def test_without_a_sound_header_it_is_the_records_arrival(digits: bytes) -> None:
    assert detected_at_ms(KafkaRecord([("detected_at_ms", digits)])) == ARRIVED_MS
    assert detected_at_ms(KafkaRecord([])) == ARRIVED_MS
