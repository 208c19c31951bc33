"""What the demo finds when all is done: the archive's rows, the published alerts, the notices."""

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow.parquet
from kafka import KafkaConsumer, TopicPartition

from local.checks import PublishedAlert, Row
from local.mailbox import kept_mails
from local.receiver import kept_events
from services.reports.codec import Rejection, decoded_alert
from services.reports.topics import ALERTS, REPORTED_AT
from services.stream.connection import KafkaConnection, client_settings
from simulator.ledger import digest

# As the end of a line; the simulator's ids hold no blanks.
ALERT_ID = re.compile(r"\S+-(?:violation|agitation|maintenance)-\d+(?=\s*$)", re.MULTILINE)
BATCH_ROWS = 16_384
COLUMNS = [
    "kafka_partition",
    "kafka_offset",
    "kafka_timestamp",
    "report_id",
    "rejected_value",
    "rejected_reason",
    "source",
]


def archive_objects(archive: Path) -> list[Path]:
    """The archive's Parquet files."""
    return sorted(archive.glob("reports/date=*/hour=*/*.parquet"))


def archive_rows(archive: Path) -> Iterator[Row]:
    """All rows, batch by batch: memory does not grow with the files."""
    for path in archive_objects(archive):
        with pyarrow.parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(BATCH_ROWS, columns=COLUMNS):
                yield from (_row(*values) for values in zip(*_columns(batch), strict=True))


def _columns(batch: Any) -> list[list[Any]]:
    """The batch's columns as lists; the time of arrival as milliseconds since the epoch."""
    columns = [batch.column(name) for name in COLUMNS]
    columns[2] = columns[2].cast("int64")
    return [column.to_pylist() for column in columns]


def _row(partition: int, offset: int, arrived_ms: int, report_id: str | None, *others: Any) -> Row:
    value, reason, source = others
    content = report_id if reason is None else digest(value)
    return Row(partition, offset, content, arrived_ms, source)


def rejected_lines(rejected: Path) -> list[int]:
    """The line numbers in what the loader set aside; none if it set nothing aside."""
    if not rejected.exists():
        return []
    with rejected.open(encoding="utf-8") as lines:
        return [int(line.partition(",")[0]) for line in islice(lines, 1, None)]


def mailed_alerts(mails: Path) -> list[tuple[str, ...]]:
    """The alert ids in the text of each mail of a Maildir."""
    texts = (mail.get_body(("plain",)) for mail in kept_mails(mails))
    return [tuple(ALERT_ID.findall(text.get_content())) for text in texts if text]


def posted_alerts(events: Path) -> list[tuple[str, ...]]:
    """The alert ids in each event that the receiver kept."""
    return [tuple(alert["alert_id"] for alert in event["alerts"]) for event in kept_events(events)]


def published_alerts(connection: KafkaConnection, topic: str = ALERTS) -> list[PublishedAlert]:
    """Every record of the topic up to its end as of now."""
    with KafkaConsumer(**client_settings(connection), enable_auto_commit=False) as consumer:
        numbers = consumer.partitions_for_topic(topic) or set()
        partitions = [TopicPartition(topic, number) for number in sorted(numbers)]
        consumer.assign(partitions)
        consumer.seek_to_beginning(*partitions)
        ends = consumer.end_offsets(partitions)
        return [_published(record) for record in _records_before(consumer, ends)]


def _records_before(consumer: KafkaConsumer, ends: dict[TopicPartition, int]) -> Iterator[Any]:
    while any(consumer.position(partition) < end for partition, end in ends.items()):
        for records in consumer.poll(timeout_ms=500).values():
            yield from records


def _published(record: Any) -> PublishedAlert:
    alert = decoded_alert(record.value)
    name = f"unreadable: {alert.reason}" if isinstance(alert, Rejection) else alert.alert_id
    reported_ms = int(dict(record.headers)[REPORTED_AT])
    return PublishedAlert(name, record.value, record.timestamp - reported_ms, reported_ms)
