"""Reading all partitions of a real topic for copies, also those that it gets meanwhile."""

from collections.abc import Iterator
from contextlib import closing

import pytest
from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from services.notifying.partitions_reader import KafkaPartitionsReader
from services.reports.topics import ALERTS
from services.stream.connection import KafkaConnection, client_settings
from services.stream.producer import producer
from tests.conftest import FreshTopic
from tests.stream.members import awaited

LONG_AGO_MS = 0


@pytest.fixture
def topic(fresh_topic: FreshTopic) -> str:
    return fresh_topic(ALERTS, 2)


@pytest.fixture
def reader(kafka: KafkaConnection, topic: str) -> Iterator[KafkaPartitionsReader]:
    with closing(KafkaPartitionsReader(kafka, topic)) as made:
        yield made


def send(kafka: KafkaConnection, topic: str, partition: int, *values: bytes) -> None:
    with producer(kafka) as sender:
        for value in values:
            sender.send(topic, value=value, partition=partition)
        sender.flush()


def read_all(reader: KafkaPartitionsReader) -> set[tuple[int, bytes | None]]:
    """Everything up to the ends as of now."""
    found: set[tuple[int, bytes | None]] = set()
    ends = reader.ends()

    def is_read() -> bool:
        found.update((partition, record.value) for partition, record in reader.read())
        return all(reader.positions()[partition] >= end for partition, end in ends.items())

    assert awaited(is_read)
    return found


def test_all_partitions_are_read_and_then_what_comes(
    kafka: KafkaConnection, topic: str, reader: KafkaPartitionsReader
) -> None:
    send(kafka, topic, 0, b"a", b"b")
    send(kafka, topic, 1, b"c")
    reader.assign(2, LONG_AGO_MS)
    assert read_all(reader) == {(0, b"a"), (0, b"b"), (1, b"c")}
    send(kafka, topic, 1, b"d")
    reader.assign(2, LONG_AGO_MS)
    assert read_all(reader) == {(1, b"d")}


def test_partitions_that_were_added_are_read_too(
    kafka: KafkaConnection, topic: str, reader: KafkaPartitionsReader
) -> None:
    send(kafka, topic, 0, b"a")
    reader.assign(2, LONG_AGO_MS)
    assert read_all(reader) == {(0, b"a")}
    with KafkaAdminClient(**client_settings(kafka)) as admin:
        admin.create_partitions({topic: 3})
        admin.wait_for_topics([topic])
    send(kafka, topic, 2, b"b")
    assert awaited(lambda: assigned(reader, 3))
    assert read_all(reader) == {(2, b"b")}


def assigned(reader: KafkaPartitionsReader, partitions: int) -> bool:
    """Whether the client knows that many partitions."""
    try:
        reader.assign(partitions, LONG_AGO_MS)
    except KafkaError:
        return False
    return True


def test_what_arrived_before_is_not_read(
    kafka: KafkaConnection, topic: str, reader: KafkaPartitionsReader
) -> None:
    send(kafka, topic, 0, b"a")
    reader.assign(2, 10**15)
    assert read_all(reader) == set()
