import pytest
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.structs import OffsetAndMetadata

from local.offsets import Progress, done, has_caught_up, progress_of, written
from services.reports.topics import Topic
from services.stream.connection import KafkaConnection, client_settings
from services.stream.producer import producer


@pytest.mark.parametrize(
    ("committed", "expected"),
    [
        ({"a": {0: 5}, "b": {0: 5}}, True),
        ({"a": {0: 5}, "b": {0: 4}}, False),
        ({"a": {0: 5}, "b": {}}, False),
        ({"a": {0: 5}}, False),
        ({"a": {0: 5, 1: 0}, "b": {0: 5, 1: 0}}, True),
    ],
)
def test_all_groups_must_have_committed_all_ends(committed, expected):
    assert has_caught_up(Progress({0: 5, 1: 0}, committed), ["a", "b"]) is expected


def commit(connection: KafkaConnection, group: str, partition: TopicPartition, offset: int) -> None:
    with KafkaConsumer(**client_settings(connection), group_id=group) as consumer:
        consumer.assign([partition])
        consumer.commit({partition: OffsetAndMetadata(offset, "", -1)})


def test_progress_is_what_the_broker_says(kafka, fresh_topic, group_id):
    topic = Topic(fresh_topic("reports", partitions=2), 2)
    with producer(kafka) as sender, KafkaAdminClient(**client_settings(kafka)) as admin:
        for _ in range(3):
            sender.send(topic.name, b"x", partition=1).get(timeout=30)
        before = progress_of(admin, topic, [group_id])
        commit(kafka, group_id, TopicPartition(topic.name, 1), 2)
        after = progress_of(admin, topic, [group_id])
    assert (written(before), done(before, group_id)) == (3, 0)
    assert (written(after), done(after, group_id)) == (3, 2)
