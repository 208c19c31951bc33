"""Records and fetches as the archive's parts take them, and objects made of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.archiving.naming import HOUR_MS, ObjectStart, arrival_hour
from services.archiving.object_builder import FinishedObject, ObjectBuilder
from services.reports.codec import Oversize
from services.stream.worker import Fetch

TOPIC_ID = "0a1b2c3d" + "0" * 24
SHORT_ID = "0a1b2c3d"
NOON_MS = 1_772_452_800_000  # 2026-03-02T12:00:00Z
NOON_HOUR = arrival_hour(NOON_MS)
EPOCH = 4


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


def fetch_of(of: Sequence[KafkaRecord], partition: int = 0, end: int | None = None) -> Fetch:
    """The fetch that begins at the first of these records and ends behind the last, or later."""
    last = of[-1].offset + 1 if end is None else end
    return Fetch(partition, of[0].offset, of, last, of[0].timestamp, EPOCH)


def hole(begin: int, end: int, hours_later: int = 0, partition: int = 0) -> Fetch:
    """A fetch without a record: control records, or an aborted transaction."""
    return Fetch(partition, begin, [], end, NOON_MS + hours_later * HOUR_MS, EPOCH)


def start_of(record: KafkaRecord, partition: int = 0) -> ObjectStart:
    return ObjectStart(SHORT_ID, partition, record.offset, arrival_hour(record.timestamp))


def builder_of(of: Sequence[KafkaRecord], partition: int = 0) -> ObjectBuilder:
    """The growing object of these records."""
    builder = ObjectBuilder(start_of(of[0], partition), of[0].timestamp, 0.0)
    builder.append(of)
    builder.end, builder.end_epoch = of[-1].offset + 1, EPOCH
    return builder


def object_of(of: Sequence[KafkaRecord], partition: int = 0) -> FinishedObject:
    """The finished object of these records."""
    return builder_of(of, partition).finish()
