"""Whether a topic has the settings that every consumer of ours relies on."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

import structlog
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import KafkaError
from prometheus_client import Gauge

from services.stream.connection import KafkaConnection, new_client

TIMEOUT_MS = 5_000
CHECK_SECONDS = 3_600.0
CHECK_AGAIN_SECONDS = 60.0

# By the producers' time the hours of the archive and the windows of alerts would be anyone's
# guess, and retention would delete history at once. Compaction deletes records between others.
REQUIRED: Mapping[str, str] = MappingProxyType(
    {"message.timestamp.type": "LogAppendTime", "cleanup.policy": "delete"}
)
MISCONFIGURED = Gauge(
    "dronewatch_consumer_topic_misconfigured", "1 while nothing is read: the topic's settings."
)

log = structlog.get_logger()


def wrong_settings(settings: Mapping[str, str]) -> dict[str, str]:
    """The required settings that the topic has otherwise; one that is not told counts as right."""
    return {
        name: wanted for name, wanted in REQUIRED.items() if settings.get(name, wanted) != wanted
    }


def mending_command(topic: str, wrong: Mapping[str, str]) -> str:
    """The command of Kafka's that gives the topic the required settings."""
    wanted = ",".join(f"{name}={value}" for name, value in wrong.items())
    return (
        f"kafka-configs.sh --alter --entity-type topics --entity-name {topic} --add-config {wanted}"
    )


class Settings(Protocol):
    """TopicSettings; a model may play it."""

    def current(self) -> Mapping[str, str]: ...  # noqa: D102
    def close(self) -> None: ...  # noqa: D102


class TopicSettings:
    """Asks the cluster for a topic's settings; KafkaError if it does not tell them."""

    def __init__(self, connection: KafkaConnection, topic: str) -> None:
        self.topic = topic
        self.admin = new_client(
            KafkaAdminClient,
            connection,
            bootstrap_timeout_ms=TIMEOUT_MS,
            request_timeout_ms=TIMEOUT_MS,
        )

    def current(self) -> Mapping[str, str]:
        """The settings by name, defaults too."""
        resource = ConfigResource(ConfigResourceType.TOPIC, self.topic)
        described = self.admin.describe_configs([resource], config_filter="all")
        found = described.get("topic", {}).get(self.topic, {})
        return {name: str(setting["value"]) for name, setting in found.items()}

    def close(self) -> None:
        """Close the connection."""
        self.admin.close()


class TopicCheck:
    """Checks at the start and hourly, and every minute while something is wrong."""

    def __init__(self, topic: str, settings: Settings) -> None:
        self.topic = topic
        self.settings = settings
        self.is_wrong = False
        self.due_at_seconds = 0.0

    def check(self, now_seconds: float) -> bool:
        """Ask if it is time to; return whether nothing of the topic may be read."""
        if now_seconds < self.due_at_seconds:
            return self.is_wrong
        self.due_at_seconds = now_seconds + CHECK_AGAIN_SECONDS
        try:
            wrong = wrong_settings(self.settings.current())
        except KafkaError as error:
            # Whoever may not ask for them (an older user's rights) works as before.
            log.info("the topic's settings are unknown", topic=self.topic, cause=str(error))
            return self.is_wrong
        if wrong:
            command = mending_command(self.topic, wrong)
            log.error("the topic has wrong settings: nothing is read", mend_with=command)
        else:
            self.due_at_seconds = now_seconds + CHECK_SECONDS
        self.is_wrong = bool(wrong)
        MISCONFIGURED.set(self.is_wrong)
        return self.is_wrong

    def close(self) -> None:
        """Close the connection."""
        self.settings.close()
