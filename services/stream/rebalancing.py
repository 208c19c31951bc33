"""The consumer's rebalance listener: runs on kafka-python's I/O thread while poll waits."""

from collections.abc import Callable, Iterable, Set

import structlog
from kafka import KafkaConsumer, TopicPartition
from kafka.consumer.subscription_state import AsyncConsumerRebalanceListener
from kafka.errors import KafkaError

from services.stream.kafka_python import claim_nothing
from services.stream.worker import Commits, Worker

DRAIN_ON_REVOKE_SECONDS = 5.0

log = structlog.get_logger()


def partition_numbers(partitions: Iterable[TopicPartition]) -> frozenset[int]:
    """The partitions' numbers; a loop has one topic."""
    return frozenset(partition.partition for partition in partitions)


def with_topic(topic: str, commits: Commits) -> dict[TopicPartition, object]:
    """Commits keyed as kafka-python wants them."""
    return {TopicPartition(topic, partition): offset for partition, offset in commits.items()}


class RebalanceListener(AsyncConsumerRebalanceListener):  # type: ignore[misc]
    """Drains what is revoked, drops what is lost, holds back what is new."""

    def __init__(
        self,
        consumer: KafkaConsumer,
        worker: Worker,
        added: Callable[[Set[int]], None],
        removed: Callable[[Set[int]], Commits],
    ) -> None:
        self.consumer = consumer
        self.worker = worker
        self.added = added
        self.removed = removed

    async def on_partitions_assigned(self, assigned: Set[TopicPartition]) -> None:
        """Hold new partitions back until the loop has found where they begin."""
        for partition in assigned:
            # A position of its own keeps poll from looking up, and trusting, the committed one.
            self.consumer.pause(partition)
            self.consumer.seek(partition, 0)
        self.added(partition_numbers(assigned))
        log.info("partitions assigned", partitions=sorted(partition_numbers(assigned)))

    async def on_partitions_revoked(self, revoked: Set[TopicPartition]) -> None:
        """Finish and commit while we are still the owner.

        This waits on the I/O thread: poll waits for us anyway, and the deadline is far below
        the session timeout that the heartbeats it holds up have to meet.
        """
        numbers = partition_numbers(revoked)
        drained = self.worker.drain(numbers, DRAIN_ON_REVOKE_SECONDS)
        commits = {**self.removed(numbers), **drained}
        log.info("partitions revoked", partitions=sorted(numbers), committing=len(commits))
        if not commits:
            return
        topic = next(iter(revoked)).topic
        try:
            await self.consumer.commit_async(with_topic(topic, commits))
        except KafkaError as error:
            log.warning("commit on revoke failed", cause=str(error))

    async def on_partitions_lost(self, lost: Set[TopicPartition]) -> None:
        """Another member owns them already: no work, no commit, no claim."""
        claim_nothing(self.consumer)
        self.worker.drop(partition_numbers(lost))
        self.removed(partition_numbers(lost))
        log.warning("partitions lost", partitions=sorted(partition_numbers(lost)))
