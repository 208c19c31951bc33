import pytest
from click import ClickException
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.errors import KafkaConnectionError

from local.kafka import cause_of_failure, running_kafka
from services.reports.topics import TOPICS, Topic
from services.stream.connection import KafkaConnection, client_settings
from services.stream.producer import producer
from services.stream.topics import create_topics


def sent(connection: KafkaConnection, topic: str, value: bytes) -> int:
    """The offset of a record now acknowledged on partition 0."""
    with producer(connection) as sender:
        return sender.send(topic, value, partition=0).get(timeout=30).offset


def values(connection: KafkaConnection, topic: str, count: int) -> list[bytes]:
    """The first records of partition 0."""
    partition = TopicPartition(topic, 0)
    with KafkaConsumer(**client_settings(connection)) as consumer:
        consumer.assign([partition])
        consumer.seek_to_beginning(partition)
        return [next(consumer).value for _ in range(count)]


def test_a_killed_broker_comes_back_on_its_port_with_its_data(tmp_path):
    with running_kafka(tmp_path) as server:
        create_topics(server.connection, TOPICS)
        sent(server.connection, "reports", b"before")
        port = server.port
        server.kill()
        server.restart()
        assert server.port == port
        assert sent(server.connection, "reports", b"after") == 1
        assert values(server.connection, "reports", 2) == [b"before", b"after"]


def test_a_taken_port_is_named_in_one_line(kafka, tmp_path):
    port = int(kafka.bootstrap_servers.partition(":")[2])
    with (
        pytest.raises(ClickException, match=f"port {port} is taken"),
        running_kafka(tmp_path, port),
    ):
        pass


def test_a_broker_that_dies_at_start_says_why_and_shows_its_log(tmp_path):
    (tmp_path / "data").write_text("a file where the folder should be")
    expected = pytest.raises(ClickException, match=r"Kafka ended\. .*kafka\.log ends with:\n")
    with expected, running_kafka(tmp_path):
        pass


def test_a_broker_that_dies_later_is_named_as_the_cause_of_what_failed(tmp_path):
    expected = pytest.raises(ClickException, match=r"Kafka ended\. .*kafka\.log ends with:\n")
    with expected, running_kafka(tmp_path) as server:
        server.kill()
        raise KafkaConnectionError("connection reset")


def test_an_error_that_is_not_the_brokers_stays_as_it_is(tmp_path):
    with pytest.raises(ClickException, match=r"^alerting ended$"), running_kafka(tmp_path):
        raise ClickException("alerting ended")


def test_topics_are_created_once_and_stamp_arrival(kafka, fresh_topic):
    name = fresh_topic("reports", partitions=3)
    with KafkaAdminClient(**client_settings(kafka)) as admin:
        [topic] = admin.describe_topics([name])
    assert len(topic["partitions"]) == 3
    with producer(kafka) as sender:
        stamp = sender.send(name, b"x", partition=0, timestamp_ms=1).get(timeout=30).timestamp
    assert stamp > 1_000_000_000_000


def test_creating_topics_again_changes_nothing(kafka, fresh_topic):
    name = fresh_topic("alerts", partitions=2)
    create_topics(kafka, [Topic(name, 5)])
    with KafkaAdminClient(**client_settings(kafka)) as admin:
        [topic] = admin.describe_topics([name])
    assert len(topic["partitions"]) == 2


@pytest.mark.parametrize(
    ("log", "cause"),
    [
        ("java.io.IOException: No space left on device", "the disk is full"),
        ("java.net.BindException: Address already in use", "ports is taken"),
        ("java.lang.OutOfMemoryError: Java heap space", "memory"),
    ],
)
def test_known_causes_name_the_remedy(log, cause):
    assert cause in (cause_of_failure(f"INFO x\n{log}\n\tat y") or "")


def test_an_unknown_cause_is_not_guessed():
    assert cause_of_failure("INFO all is well") is None
