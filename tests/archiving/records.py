"""Records as the archive's parts take them, and objects made of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.archiving.building import FinishedObject, ObjectBuilder
from services.archiving.naming import HOUR_MS, ObjectStart, arrival_hour
from services.reports.codec import Oversize

TOPIC_ID = "0a1b2c3d" + "0" * 24
SHORT_ID = "0a1b2c3d"
NOON_MS = 1_772_452_800_000  # 2026-03-02T12:00:00Z


@dataclass(frozen=True, slots=True)
class KafkaRecord:
    """One record; timestamp in ms since the epoch."""

    offset: int
    timestamp: int = NOON_MS
    key: bytes | None = b"k"
    value: bytes | None = b"no report"
    oversize: Oversize | None = None


def records(first: int, last: int, hours_later: int = 0) -> list[KafkaRecord]:
    """Records from the first to the last offset, both included, of one hour."""
    return [
        KafkaRecord(offset, NOON_MS + hours_later * HOUR_MS) for offset in range(first, last + 1)
    ]


def start_of(record: KafkaRecord, partition: int = 0) -> ObjectStart:
    return ObjectStart(SHORT_ID, partition, record.offset, arrival_hour(record.timestamp))


def object_of(of: Sequence[KafkaRecord], partition: int = 0) -> FinishedObject:
    """The finished object of these records."""
    builder = ObjectBuilder(of[0], start_of(of[0], partition), 0.0)
    builder.append(of)
    return builder.finish()
