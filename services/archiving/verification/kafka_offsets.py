"""Compares the chains with what Kafka knows: the log's ends and the group's commits."""

from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import OffsetSpec

from services.archiving.verification.chain import ChainId
from services.archiving.verification.findings import ArchiveReport, ChainReport
from services.stream.connection import KafkaConnection, new_client

TIMEOUT_MS = 10_000


@dataclass(frozen=True, slots=True)
class LogEnds:
    """One partition's log: from `start` up to, without, `end`; committed: None for nothing."""

    start: int
    end: int
    committed: int | None


def committed_offsets(connection: KafkaConnection, topic: str, group: str) -> dict[int, int]:
    """Ask Kafka for the group's committed offsets, by partition. KafkaError."""
    with closing(_admin(connection)) as admin:
        partitions = _partitions(admin, topic)
        found = admin.list_group_offsets({group: partitions}).get(group, {})
        return {at.partition: given.offset for at, given in found.items() if given.offset >= 0}


def log_ends(
    connection: KafkaConnection, topic: str, committed: Mapping[int, int]
) -> dict[int, LogEnds]:
    """Ask Kafka where each partition's log starts and ends. KafkaError."""
    with closing(_admin(connection)) as admin:
        partitions = _partitions(admin, topic)
        starts = admin.list_partition_offsets(dict.fromkeys(partitions, OffsetSpec.EARLIEST))
        ends = admin.list_partition_offsets(dict.fromkeys(partitions, OffsetSpec.LATEST))
    return {
        at.partition: LogEnds(starts[at].offset, ends[at].offset, committed.get(at.partition))
        for at in partitions
    }


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


def compared(report: ArchiveReport, topic_id: str, logs: Mapping[int, LogEnds]) -> ArchiveReport:
    """The report with what contradicts Kafka. Pure.

    The commits must have been read before the names, the logs' ends after them: the archive runs
    ahead of its commits and behind the log.
    """
    chains = {ChainId(chain.topic_id, chain.partition): chain for chain in report.chains}
    for partition, log in logs.items():
        at = ChainId(topic_id, partition)
        chain = chains.get(at)
        said = tuple(_contradictions(chain.end if chain else None, log))
        if said:
            chains[at] = replace(chain or ChainReport(*at, 0, 0, 0), kafka=said)
    return replace(report, chains=tuple(chains[at] for at in sorted(chains)))


def _contradictions(end: int | None, log: LogEnds) -> Iterable[str]:
    """Sentences about a chain that ends there; None if it has no objects."""
    if log.committed is not None and log.committed > (end or 0):
        where = "has no objects" if end is None else f"ends at {end}"
        yield f"the group has committed {log.committed}, but the chain {where}: objects are missing"
    if end is not None and end > log.end:
        yield f"the chain ends at {end}, but Kafka's log ends at {log.end}: the log was cut"
