"""What Kafka knows of the archived topic: the logs' ends and the group's commits."""

import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import OffsetSpec
from kafka.errors import CoordinatorNotAvailableError

from services.archiving.store import Store
from services.archiving.timeline import latest_timeline
from services.archiving.verification.chain import ChainId
from services.archiving.verification.findings import ArchiveReport, LogOffsets, compared
from services.stream.connection import KafkaConnection, new_client
from services.stream.identity import asked_topic_id

TIMEOUT_MS = 10_000
COORDINATOR_ATTEMPTS = 20
COORDINATOR_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class KafkaOffsets:
    """A topic and a group as they were before the archive was scanned."""

    connection: KafkaConnection
    topic: str
    topic_id: str
    committed: Mapping[int, int]

    @classmethod
    def read(cls, connection: KafkaConnection, topic: str, group: str) -> "KafkaOffsets":
        """Ask Kafka; KafkaError, or NotNow if there is no such topic."""
        topic_id = asked_topic_id(connection, topic)
        with closing(_admin(connection)) as admin:
            found = _group_offsets(admin, group, _partitions(admin, topic))
        committed = {at.partition: given.offset for at, given in found.items() if given.offset >= 0}
        return cls(connection, topic, topic_id, committed)

    def compared(self, report: ArchiveReport, store: Store) -> ArchiveReport:
        """Ask for the logs' ends, which may have grown meanwhile, and compare. KafkaError."""
        ends = _log_ends(self.connection, self.topic)
        logs = {
            ChainId(latest_timeline(store, self.topic_id, partition).chain_id, partition): (
                LogOffsets(end, self.committed.get(partition))
            )
            for partition, end in ends.items()
        }
        return compared(report, logs)


def _group_offsets(admin: Any, group: str, partitions: list[TopicPartition]) -> dict[Any, Any]:
    for _ in range(COORDINATOR_ATTEMPTS):
        try:
            return dict(admin.list_group_offsets({group: partitions}).get(group, {}))
        except CoordinatorNotAvailableError:
            # Kafka makes its topic of commits when the first group asks, and does not wait for it.
            time.sleep(COORDINATOR_SECONDS)
    raise CoordinatorNotAvailableError(f"group {group} has no coordinator")


def _log_ends(connection: KafkaConnection, topic: str) -> dict[int, int]:
    with closing(_admin(connection)) as admin:
        wanted = dict.fromkeys(_partitions(admin, topic), OffsetSpec.LATEST)
        ends = admin.list_partition_offsets(wanted)
    return {at.partition: end.offset for at, end in ends.items()}


def _admin(connection: KafkaConnection) -> Any:
    return new_client(
        KafkaAdminClient,
        connection,
        bootstrap_timeout_ms=TIMEOUT_MS,
        request_timeout_ms=TIMEOUT_MS,
    )


def _partitions(admin: Any, topic: str) -> list[TopicPartition]:
    (described,) = admin.describe_topics([topic])
    return [TopicPartition(topic, each["partition_index"]) for each in described["partitions"]]
