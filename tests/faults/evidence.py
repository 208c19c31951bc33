"""What stands in Kafka and what stands in the archive, read plainly, and how they differ. Pure
but for the two readers; owns invariant 1 as the fault tests see it.
"""

import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import pyarrow.parquet as pq
from kafka import KafkaConsumer, TopicPartition

from local.checks import Row
from services.archiving.naming import ObjectStart, arrival_hour, object_start
from services.reports.codec import Rejection, decoded
from services.reports.report import Report
from services.stream.connection import KafkaConnection, client_settings
from simulator.ledger import digest

Position = tuple[int, int]
ROW_COLUMNS = (*Report.__struct_fields__, "rejected_value", "rejected_reason")


@dataclass(frozen=True, slots=True)
class KafkaRecord:
    """A record as a plain consumer reads it; timestamp in ms since the epoch."""

    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]


def topic_records(connection: KafkaConnection, topic: str) -> dict[Position, KafkaRecord]:
    """Everything that stands in the topic now."""
    with KafkaConsumer(**client_settings(connection), max_poll_records=5_000) as consumer:
        numbers = consumer.partitions_for_topic(topic) or set()
        partitions = [TopicPartition(topic, number) for number in numbers]
        consumer.assign(partitions)
        consumer.seek_to_beginning()
        ends = consumer.end_offsets(partitions)
        return dict(_read_until(consumer, ends))


def _read_until(
    consumer: KafkaConsumer, ends: Mapping[TopicPartition, int]
) -> Iterator[tuple[Position, KafkaRecord]]:
    while any(consumer.position(partition) < end for partition, end in ends.items()):
        for records in consumer.poll(timeout_ms=500).values():
            for r in records:
                record = KafkaRecord(
                    r.partition, r.offset, r.timestamp, r.key, r.value, tuple(r.headers)
                )
                yield (r.partition, r.offset), record


@dataclass(frozen=True, slots=True)
class ArchivedRow:
    """A row of the archive, the object it stands in, and all of its other columns."""

    name: str
    partition: int
    offset: int
    timestamp: int
    columns: Mapping[str, Any]


def archived_rows(objects: Mapping[str, bytes]) -> list[ArchivedRow]:
    """All rows of all objects, by name of the object, in the objects' order."""
    return [row for name in sorted(objects) for row in _rows(name, objects[name])]


def _rows(name: str, content: bytes) -> Iterator[ArchivedRow]:
    for row in pq.read_table(io.BytesIO(content)).to_pylist():
        timestamp = round(row["kafka_timestamp"].timestamp() * 1000)
        columns = {column: row[column] for column in ROW_COLUMNS}
        yield ArchivedRow(name, row["kafka_partition"], row["kafka_offset"], timestamp, columns)


def ledger_rows(rows: Iterable[ArchivedRow]) -> list[Row]:
    """The rows as local.checks compares them with the simulator's ledger."""
    return [Row(row.partition, row.offset, _content(row), row.timestamp) for row in rows]


def _content(row: ArchivedRow) -> str | None:
    if row.columns["rejected_reason"] is None:
        return str(row.columns["report_id"])
    return digest(row.columns["rejected_value"])


def topic_differences(
    records: Mapping[Position, KafkaRecord], rows: Iterable[ArchivedRow]
) -> list[str]:
    """Invariant 1 against the topic itself: every record once, as decoded or as its bytes."""
    kept = list(rows)
    counts = Counter((row.partition, row.offset) for row in kept)
    missing = [f"missing: {at}" for at in records if at not in counts]
    doubled = [f"{count} times: {at}" for at, count in counts.items() if count > 1]
    strange = [f"not in the topic: {at}" for at in counts if at not in records]
    altered = [
        f"altered: {row}"
        for row in kept
        if (record := records.get((row.partition, row.offset))) and not _is_kept(record, row)
    ]
    return [*missing, *doubled, *strange, *altered]


def _is_kept(record: KafkaRecord, row: ArchivedRow) -> bool:
    if record.timestamp != row.timestamp:
        return False
    judged = decoded(record.value)
    value, reason = row.columns["rejected_value"], row.columns["rejected_reason"]
    if isinstance(judged, Rejection):
        return bool((value, reason) == (record.value, judged.reason))
    fields = {name: row.columns[name] for name in Report.__struct_fields__}
    return (value, reason) == (None, None) and msgspec.convert(fields, Report) == judged


def object_differences(objects: Mapping[str, bytes]) -> list[str]:
    """Each object is what its name and footer say: one partition, one hour, no gap."""
    return [said for name, content in objects.items() for said in _object_faults(name, content)]


def _object_faults(name: str, content: bytes) -> Iterator[str]:
    start = object_start(name)
    if start is None:
        yield f"{name}: no name of ours"
        return
    rows = list(_rows(name, content))
    offsets = [row.offset for row in rows]
    if offsets != list(range(start.offset, start.offset + len(rows))):
        yield f"{name}: offsets {offsets[:3]}...{offsets[-3:]}"
    if {(row.partition, arrival_hour(row.timestamp)) for row in rows} != {
        (start.partition, start.hour)
    }:
        yield f"{name}: rows of another partition or hour"
    if _footer(content) != _expected_footer(start, offsets):
        yield f"{name}: footer {_footer(content)}"


def _expected_footer(start: ObjectStart, offsets: list[int]) -> dict[str, str]:
    return {
        "dronewatch.topic_id": start.topic_id,
        "dronewatch.partition": str(start.partition),
        "dronewatch.first_offset": str(start.offset),
        "dronewatch.last_offset": str(offsets[-1]),
    }


def _footer(content: bytes) -> dict[str, str]:
    metadata = pq.read_metadata(io.BytesIO(content)).metadata or {}
    return {
        key.decode(): value.decode()
        for key, value in metadata.items()
        if key.startswith(b"dronewatch.")
    }
