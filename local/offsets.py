"""How far the groups are with a topic, from the broker itself. For the demo."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import OffsetSpec
from kafka.errors import KafkaError

from services.reports.topics import Topic


@dataclass(frozen=True, slots=True)
class Progress:
    """A topic's ends, and each group's committed offsets, by partition."""

    ends: Mapping[int, int]
    committed: Mapping[str, Mapping[int, int]]


def written(progress: Progress) -> int:
    """Records in the topic, which nothing has been deleted from yet."""
    return sum(progress.ends.values())


def done(progress: Progress, group: str) -> int:
    """Records the group has finished."""
    return sum(progress.committed.get(group, {}).values())


def has_caught_up(progress: Progress, groups: Iterable[str]) -> bool:
    """Whether each group has committed the end of every partition that holds anything."""
    return all(
        progress.committed.get(group, {}).get(partition, 0) == end
        for group in groups
        for partition, end in progress.ends.items()
    )


def progress_of(admin: KafkaAdminClient, topic: Topic, groups: Iterable[str]) -> Progress:
    """Ask the broker. KafkaError if it does not answer.

    While it has no offsets to tell (before the first group, after a restart): none committed.
    """
    partitions = [TopicPartition(topic.name, number) for number in range(topic.partitions)]
    ends = admin.list_partition_offsets(dict.fromkeys(partitions, OffsetSpec.LATEST))
    committed = _committed(admin, dict.fromkeys(groups, partitions))
    return Progress(
        {partition.partition: found.offset for partition, found in ends.items()},
        {
            group: {at.partition: max(0, found.offset) for at, found in offsets.items()}
            for group, offsets in committed.items()
        },
    )


def _committed(admin: KafkaAdminClient, wanted: dict[str, list[TopicPartition]]) -> dict[str, Any]:
    try:
        committed: dict[str, Any] = admin.list_group_offsets(wanted)
    except KafkaError as error:
        if not error.retriable:
            raise
        return {}
    return committed
