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
    oversize: None = None


def topic_records(connection: KafkaConnection, topic: str) -> dict[Position, KafkaRecord]:
    """Everything that stands in the topic now, without what was aborted."""
    settings = {**client_settings(connection), "isolation_level": "read_committed"}
    with KafkaConsumer(**settings, max_poll_records=5_000) as consumer:
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
    """Each object is what its name and footer say, and each chain of them has no hole."""
    faults = [said for name, content in objects.items() for said in _object_faults(name, content)]
    return faults or [
        f"{chain}: the chain breaks before {begin}"
        for chain, links in _chains(objects).items()
        for begin in _broken_at(links)
    ]


def _object_faults(name: str, content: bytes) -> Iterator[str]:
    start = object_start(name)
    if start is None:
        yield f"{name}: no name of ours"
        return
    footer = _footer(content)
    begin, end = int(footer["begin"]), int(footer["end"])
    if (footer["topic_id"], int(footer["partition"]), begin) != _named(start) or begin >= end:
        yield f"{name}: footer {footer}"
    rows = list(_rows(name, content))
    offsets = [row.offset for row in rows]
    # Offsets without a record (control records) are holes; topic_differences misses all others.
    if offsets != sorted({o for o in offsets if begin <= o < end}):
        yield f"{name}: offsets {offsets[:3]}...{offsets[-3:]} for {begin} to {end}"
    if {(row.partition, arrival_hour(row.timestamp)) for row in rows} - {
        (start.partition, start.hour)
    }:
        yield f"{name}: rows of another partition or hour"
    if footer["kind"] not in ("records", "fence") or (footer["kind"] == "fence" and rows):
        yield f"{name}: {len(rows)} rows in an object of kind {footer['kind']}"


def _named(start: ObjectStart) -> tuple[str, int, int]:
    return start.topic_id, start.partition, start.offset


Link = tuple[int, int, str]


def _chains(objects: Mapping[str, bytes]) -> dict[tuple[str, str], set[Link]]:
    """Begin, end and kind of the objects by topic id and partition."""
    chains: dict[tuple[str, str], set[Link]] = {}
    for content in objects.values():
        footer = _footer(content)
        link = (int(footer["begin"]), int(footer["end"]), footer["kind"])
        chains.setdefault((footer["topic_id"], footer["partition"]), set()).add(link)
    return chains


def _broken_at(links: set[Link]) -> list[int]:
    """Where data objects begin that no way leads to, from the first link on."""
    ways = {begin: end for begin, end, kind in links if kind == "fence"}
    # A data object that was faster than the fences of its name is followed.
    ways |= {begin: end for begin, end, kind in links if kind == "records"}
    position, reached = min(ways), set()
    while position in ways:
        reached.add(position)
        position = ways[position]
    return sorted({begin for begin, _, kind in links if kind == "records"} - reached)


def _footer(content: bytes) -> dict[str, str]:
    """The archive's own entries, without their prefix."""
    metadata = pq.read_metadata(io.BytesIO(content)).metadata or {}
    prefix = b"dronewatch."
    return {
        key.removeprefix(prefix).decode(): value.decode()
        for key, value in metadata.items()
        if key.startswith(prefix)
    }
