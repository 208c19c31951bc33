"""Which topic of that name it is: a topic deleted and made again begins at offset 0 once more."""

from contextlib import closing
from dataclasses import dataclass
from typing import Protocol

from kafka import KafkaAdminClient
from kafka.errors import KafkaError, UnknownTopicOrPartitionError

from services.stream.connection import KafkaConnection, new_client
from services.stream.worker import NotNow

TIMEOUT_MS = 5_000


@dataclass(frozen=True, slots=True)
class TopicDescription:
    """Which topic it is, and how many partitions it has."""

    topic_id: str
    partitions: int


class Identity(Protocol):
    """TopicIdentity; a test may change a topic's id at will."""

    def current(self) -> str | None: ...  # noqa: D102
    def close(self) -> None: ...  # noqa: D102


def known_topic_id(identity: Identity) -> str:
    """The topic's id; NotNow if Kafka does not tell it, or has no such topic."""
    try:
        topic_id = identity.current()
    except KafkaError as error:
        raise NotNow(f"Kafka does not tell the topic's id: {error}") from error
    if topic_id is None:
        raise NotNow("the topic does not exist")
    return topic_id


class TopicIdentity:
    """Asks the cluster for a topic's id; KafkaError if there is no answer."""

    def __init__(self, connection: KafkaConnection, topic: str) -> None:
        self.topic = topic
        self.admin = new_client(
            KafkaAdminClient,
            connection,
            bootstrap_timeout_ms=TIMEOUT_MS,
            request_timeout_ms=TIMEOUT_MS,
        )

    def current(self) -> str | None:
        """The id, 32 hex digits; None if there is no such topic now."""
        described = self.described()
        return described.topic_id if described else None

    def described(self) -> TopicDescription | None:
        """The id and the number of partitions; None if there is no such topic now."""
        try:
            described = self.admin.describe_topics([self.topic])
        except UnknownTopicOrPartitionError:
            return None
        topic = next((t for t in described if not t["error_code"]), None)
        if topic is None:
            return None
        topic_id = str(topic["topic_id"]).replace("-", "")
        return TopicDescription(topic_id, len(topic["partitions"]))

    def close(self) -> None:
        """Close the connection."""
        self.admin.close()


def asked_topic_id(connection: KafkaConnection, topic: str) -> str:
    """Ask Kafka once for the topic's id, 32 hex digits. NotNow if it does not tell."""
    try:
        with closing(TopicIdentity(connection, topic)) as identity:
            return known_topic_id(identity)
    except KafkaError as error:
        raise NotNow(f"Kafka: {error or type(error).__name__}") from error
