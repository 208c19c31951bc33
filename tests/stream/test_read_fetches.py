"""The reader in a consumer of a real broker: every codec, transactions, seeks with an epoch."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from services.stream.connection import KafkaConnection
from services.stream.consumer import group_consumer
from services.stream.kafka_python import seek_with_epoch, take_up_parked
from services.stream.producer import compression_setting, producer
from services.stream.records import read_fetches
from services.stream.worker import Fetch
from tests.conftest import FreshTopic

CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]
DEADLINE_SECONDS = 20.0


@contextmanager
def reading(
    kafka: KafkaConnection, group: str, partition: TopicPartition
) -> Iterator[KafkaConsumer]:
    with closing(group_consumer(kafka, group)) as consumer:
        read_fetches(consumer, with_headers=True).assign([partition])
        consumer.seek(partition, 0)
        yield consumer


def read_to_end(consumer: KafkaConsumer, partition: TopicPartition) -> list[Fetch]:
    """All fetches up to the log's end as it is now."""
    end = consumer.end_offsets([partition])[partition]
    fetches: list[Fetch] = []
    deadline = time.monotonic() + DEADLINE_SECONDS
    while (not fetches or fetches[-1].end < end) and time.monotonic() < deadline:
        fetches += consumer.poll(timeout_ms=200).get(partition, [])
    assert fetches[-1].end == end
    return fetches


@pytest.mark.parametrize("kind", ["reports", "alerts"])
def test_records_of_every_codec_come_with_their_headers(
    kafka: KafkaConnection, fresh_topic: FreshTopic, group_id: str, kind: str
) -> None:
    partition = TopicPartition(fresh_topic(kind, partitions=1), 0)
    for codec in CODECS:
        with closing(producer(kafka, **compression_setting(codec))) as sender:
            for number in range(100):
                value = f"{codec} {number} ".encode() * 50
                sender.send(partition.topic, value, b"key", headers=[("codec", codec.encode())])
            sender.flush()

    with reading(kafka, group_id, partition) as consumer:
        fetches = read_to_end(consumer, partition)

    assert [fetch.begin for fetch in fetches] == [0, *(fetch.end for fetch in fetches[:-1])]
    records = [record for fetch in fetches for record in fetch.records]
    assert [(r.value, r.headers) for r in records] == [
        (f"{codec} {number} ".encode() * 50, (("codec", codec.encode()),))
        for codec in CODECS
        for number in range(100)
    ]


def test_aborted_transactions_are_left_out_and_the_position_reaches_the_end(
    kafka: KafkaConnection, fresh_topic: FreshTopic, group_id: str
) -> None:
    partition = TopicPartition(fresh_topic(partitions=1), 0)
    with closing(producer(kafka, transactional_id=group_id)) as sender:
        sender.init_transactions()
        for is_kept in (True, False, True, False):
            transaction(sender, partition.topic, is_kept)

    with reading(kafka, group_id, partition) as consumer:
        fetches = read_to_end(consumer, partition)

    assert [r.value for fetch in fetches for r in fetch.records] == [b"True"] * 10
    assert fetches[-1].end == 24


def transaction(sender: KafkaProducer, topic: str, is_kept: bool) -> None:
    """Five records, committed or aborted."""
    sender.begin_transaction()
    for _ in range(5):
        sender.send(topic, str(is_kept).encode(), b"key")
    sender.flush()
    if is_kept:
        sender.commit_transaction()
    else:
        sender.abort_transaction()


def test_a_partition_that_was_paused_in_the_midst_of_a_fetch_is_read_on(
    kafka: KafkaConnection, fresh_topic: FreshTopic, group_id: str
) -> None:
    topic = fresh_topic(partitions=2)
    large, small = TopicPartition(topic, 0), TopicPartition(topic, 1)
    one_batch = {"linger_ms": 10_000, "batch_size": 4_000_000, "max_request_size": 4_000_000}
    with closing(producer(kafka, **compression_setting("gzip"), **one_batch)) as sender:
        for _ in range(3):
            sender.send(topic, bytes(700_000), b"key", partition=0)
        sender.flush()

    with reading(kafka, group_id, large) as consumer:
        [first] = first_fetches(consumer, large)
        consumer.assign([large, small])
        consumer.seek(small, 0)
        consumer.pause(large)
        with closing(producer(kafka)) as sender:
            sender.send(topic, b"small", b"key", partition=1)
            sender.flush()
        first_fetches(consumer, small)
        consumer.resume(large)
        assert first_fetches(consumer, large)[0].begin == first.end


def first_fetches(consumer: KafkaConsumer, partition: TopicPartition) -> list[Fetch]:
    """What the first poll gives that gives something of this partition."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        take_up_parked(consumer)
        polled = consumer.poll(timeout_ms=200, max_records=1)
        if partition in polled:
            return list(polled[partition])
    raise AssertionError(f"nothing came of {partition}")


def test_a_seek_with_an_epoch_is_where_reading_goes_on(
    kafka: KafkaConnection, fresh_topic: FreshTopic, group_id: str
) -> None:
    partition = TopicPartition(fresh_topic(partitions=1), 0)
    with closing(producer(kafka)) as sender:
        for number in range(10):
            sender.send(partition.topic, str(number).encode(), b"key")
        sender.flush()

    with reading(kafka, group_id, partition) as consumer:
        [first, *_] = read_to_end(consumer, partition)
        assert first.leader_epoch >= 0
        seek_with_epoch(consumer, partition, 7, first.leader_epoch)
        [again, *_] = read_to_end(consumer, partition)
        assert (again.begin, again.records[0].value) == (7, b"7")
        with pytest.raises(ValueError, match="is not assigned"):
            seek_with_epoch(consumer, TopicPartition(partition.topic, 1), 0, -1)
