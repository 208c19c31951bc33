"""Creates topics. Only the one-machine platform and tests call it; on Kubernetes they are given."""

from collections.abc import Iterable
from typing import Any

from kafka import KafkaAdminClient
from kafka.errors import TopicAlreadyExistsError, for_code

from services.reports.topics import Topic
from services.stream.connection import KafkaConnection, client_settings


def create_topics(connection: KafkaConnection, topics: Iterable[Topic]) -> None:
    """Create those that are missing, with the broker's replication; back when all have leaders.

    Topics that exist already are left as they are. KafkaError for anything else.
    """
    wanted = {topic.name: _description(topic) for topic in topics}
    with KafkaAdminClient(**client_settings(connection)) as admin:
        for result in admin.create_topics(wanted, raise_errors=False)["topics"]:
            _check(result)
        admin.wait_for_topics(list(wanted))


def _description(topic: Topic) -> dict[str, object]:
    return {"num_partitions": topic.partitions, "configs": dict(topic.configs)}


def _check(result: dict[str, Any]) -> None:
    error = for_code(result["error_code"])
    if result["error_code"] and error is not TopicAlreadyExistsError:
        raise error(f"topic {result['name']}: {result['error_message']}")
