"""The consumer on a real broker: how soon a record is read that comes after a backlog."""

import time
from contextlib import closing

from kafka import KafkaConsumer, TopicPartition

from services.stream.connection import KafkaConnection
from services.stream.consumer import WHOLE_FETCHES, group_consumer
from services.stream.producer import producer
from services.stream.records import read_fetches
from tests.conftest import FreshTopic

# They come in one fetch.
BACKLOG = 700
FETCH_WAIT_MS = KafkaConsumer.DEFAULT_CONFIG["fetch_max_wait_ms"]


def read(consumer: KafkaConsumer, count: int) -> None:
    """Poll until so many records came."""
    while count > 0:
        polled = consumer.poll(timeout_ms=200).values()
        count -= sum(len(fetch.records) for fetches in polled for fetch in fetches)


def delay_ms(kafka: KafkaConnection, topic: str, group: str) -> float:
    """From sending a record, after two partitions' backlog was read, until it is read."""
    partitions = [TopicPartition(topic, number) for number in range(2)]
    with (
        closing(producer(kafka)) as sender,
        closing(group_consumer(kafka, group, **WHOLE_FETCHES)) as consumer,
    ):
        for partition in partitions * BACKLOG:
            sender.send(topic, key=b"drone", value=b"report", partition=partition.partition)
        sender.flush()
        read_fetches(consumer).assign(partitions)
        for partition in partitions:
            consumer.seek(partition, 0)
        read(consumer, len(partitions) * BACKLOG)
        sent = time.monotonic()
        sender.send(topic, key=b"drone", value=b"report", partition=1)
        read(consumer, 1)
        return (time.monotonic() - sent) * 1000


def test_after_a_backlog_no_partitions_next_record_waits_for_a_fetch_of_the_others(
    kafka: KafkaConnection, fresh_topic: FreshTopic, group_id: str
) -> None:
    delays = [delay_ms(kafka, fresh_topic(partitions=2), group_id) for _ in range(3)]
    # Without the setting each takes the whole wait.
    assert min(delays) < FETCH_WAIT_MS / 2
