"""Topics filled before a bench, as the platform would have them. Filling is not measured."""

from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace

from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import OffsetSpec

from local.progress import bar
from services.reports.topics import REPORTS, TOPICS, Topic
from services.stream.connection import KafkaConnection, client_settings
from services.stream.producer import producer
from services.stream.topics import create_topics

# Full batches keep the broker's work, and the consumer's, as small as it is behind a backlog.
BATCH_BYTES = 512 * 1024
LINGER_MS = 500


def reports_topic(name: str) -> Topic:
    """The topic `reports` under another name."""
    return replace(next(topic for topic in TOPICS if topic.name == REPORTS), name=name)


def fill(
    connection: KafkaConnection, topic: Topic, values: Iterable[bytes | None], total: int
) -> None:
    """Create the topic and deal the values out to its partitions; back when acknowledged."""
    create_topics(connection, [topic])
    sender = producer(
        connection,
        batch_size=BATCH_BYTES,
        linger_ms=LINGER_MS,
        max_request_size=16 * BATCH_BYTES,
        metrics_enabled=False,
    )
    with closing(sender), bar(total, f"filling {topic.name}", " records") as shown:
        for index, value in enumerate(values):
            partition = index % topic.partitions
            sender.send(topic.name, value, key=b"peacewatch-000000", partition=partition)
            shown.update()
        sender.flush()


def arrival_span_seconds(connection: KafkaConnection, topic: Topic) -> float:
    """From the first record's arrival at the broker to the last one's."""
    numbers = [TopicPartition(topic.name, number) for number in range(topic.partitions)]
    with KafkaAdminClient(**client_settings(connection)) as admin:
        # The first at or after time 0 is the first of all, and comes with its time.
        firsts = admin.list_partition_offsets(dict.fromkeys(numbers, 0))
        lasts = admin.list_partition_offsets(dict.fromkeys(numbers, OffsetSpec.MAX_TIMESTAMP))
    first_ms = min(found.timestamp for found in firsts.values() if found.timestamp >= 0)
    last_ms = max(found.timestamp for found in lasts.values())
    return float(last_ms - first_ms) / 1000
