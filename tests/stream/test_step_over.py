"""The command that lets a consumer group go on behind records that nobody can read."""

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from click.testing import CliRunner, Result
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.structs import OffsetAndMetadata

from services.stream import step_over
from services.stream.connection import KafkaConnection, client_settings

RECORDS = 5
Commit = Callable[..., None]


@pytest.fixture
def topic(kafka: KafkaConnection, fresh_topic: Callable[..., str]) -> str:
    """One partition with RECORDS records."""
    name = fresh_topic(partitions=1)
    with closing(KafkaProducer(**client_settings(kafka))) as producer:
        sent = [producer.send(name, b"x") for _ in range(RECORDS)]
        for future in sent:
            future.get(timeout=10)
    return name


@pytest.fixture
def consumer(kafka: KafkaConnection, topic: str, group_id: str) -> Iterator[KafkaConsumer]:
    settings = {"group_id": group_id, "enable_auto_commit": False}
    with closing(KafkaConsumer(**client_settings(kafka), **settings)) as consumer:
        yield consumer


@pytest.fixture
def commit(consumer: KafkaConsumer, topic: str) -> Commit:
    """Commits an offset for the group, which has no members then."""

    def commit(offset: int, metadata: str = "") -> None:
        at = TopicPartition(topic, 0)
        consumer.assign([at])
        consumer.commit({at: OffsetAndMetadata(offset, metadata, -1)})

    return commit


@pytest.fixture
def run(kafka: KafkaConnection, topic: str, group_id: str) -> Callable[..., Result]:
    def run(to: int, partition: int = 0) -> Result:
        servers = ["--kafka-bootstrap-servers", kafka.bootstrap_servers]
        where = ["--group", group_id, "--topic", topic, "--partition", str(partition)]
        return CliRunner().invoke(step_over.main, [*servers, *where, "--to", str(to)])

    return run


def test_the_group_goes_on_at_the_offset(
    kafka: KafkaConnection, topic: str, group_id: str, commit: Commit, run: Callable[..., Result]
) -> None:
    commit(1)
    result = run(3)
    assert (
        result.output == f"{group_id} goes on at 3 in {topic}, partition 0 (it had committed 1)\n"
    )
    at = TopicPartition(topic, 0)
    with KafkaAdminClient(**client_settings(kafka)) as admin:
        assert admin.list_group_offsets({group_id: [at]})[group_id][at].offset == 3


@pytest.mark.parametrize(
    ("to", "partition", "said"),
    [
        (2, 0, "has committed 2 already: 2 would go back"),
        (RECORDS + 1, 0, f"the log of partition 0 ends at {RECORDS}"),
        (3, 7, "has no partition 7"),
    ],
)
def test_an_offset_that_makes_no_sense_is_refused(
    commit: Commit, run: Callable[..., Result], to: int, partition: int, said: str
) -> None:
    commit(2)
    result = run(to, partition)
    assert result.exit_code == 1
    assert said in result.output


def test_a_group_with_members_is_refused(
    consumer: KafkaConsumer, topic: str, run: Callable[..., Result]
) -> None:
    consumer.subscribe([topic])
    while not consumer.assignment():
        consumer.poll(100)
    result = run(3)
    assert result.exit_code == 1
    assert "has 1 members: stop them first" in result.output


def test_the_archives_group_is_refused(commit: Commit, run: Callable[..., Result]) -> None:
    commit(1, "dronewatch:0123")
    result = run(3)
    assert result.exit_code == 1
    assert "python -m services.archiving step-over" in result.output
