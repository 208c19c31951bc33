"""The private parts of kafka-python that we use: all of them, and only here.

`pyproject.toml` pins kafka-python below its next minor version, because any release may rename
them. Each function names the fault that it works around: cause, effect, remedy.
"""

from collections.abc import Callable
from typing import Any

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.net.compat import KafkaNetClient
from kafka.record import MemoryRecords
from kafka.structs import OffsetAndMetadata

# One partition's part of a fetch, made as kafka-python makes its own PartitionRecords.
Reader = Callable[..., Any]


def install_reader(consumer: KafkaConsumer, reader: Reader) -> KafkaConsumer:
    """Make the consumer read each partition's part of a fetch with `reader`; returns the consumer.

    kafka-python's own reader makes an object of 13 fields of every record, unpacks a batch whole,
    and leaves a batch that it cannot read in the fetcher. That costs three times the CPU, lets a
    batch of 300 kB become 300 MB, and makes poll spin. The fetcher looks its reader up by name, so
    another one can be put there.
    """
    consumer._fetcher.PartitionRecords = reader
    return consumer


def fetched_bytes(records: MemoryRecords) -> bytes:
    """The record batches of one partition in a fetch, as the broker sent them.

    kafka-python gives a batch only as a copy, and a damaged length ends its walk without a word.
    Our reader walks over the bytes themselves.
    """
    received: bytes = records._buffer
    return received


def hand_over_incomplete(records: MemoryRecords) -> None:
    """Let our reader see what was fetched also if it begins with an incomplete batch.

    kafka-python's fetcher raises an error if a fetch has bytes but no whole batch, after it has
    made the reader. Poll would raise it again and again, and name the partition in prose only.
    Our reader says that the batch is unreadable. The fetcher asks has_next(), which looks here.
    """
    if not records.has_next() and records.size_in_bytes():
        records._next_slice = memoryview(records._buffer)


def request_rejoin_again(consumer: KafkaConsumer) -> None:
    """Ask for the rejoin that a poll left unfinished.

    kafka-python takes new partitions for dealt with once it has asked for a rejoin. If poll
    returned before the group was joined, the member would keep no partitions for good. Ask again.
    """
    if consumer._coordinator.rejoining:
        consumer._coordinator.request_rejoin()


def take_up_parked(consumer: KafkaConsumer) -> None:
    """Let the next poll take up what was fetched of a partition that was paused meanwhile.

    kafka-python parks the rest of a fetch when its partition is paused. It takes it up again only
    if no reader is in line, but leaves an emptied one there. The resumed partition would stand
    still until another fetch fails. Remove the emptied reader.
    """
    fetcher = consumer._fetcher
    if not fetcher._next_partition_records:
        fetcher._next_partition_records = None


def seek_with_epoch(
    consumer: KafkaConsumer, partition: TopicPartition, offset: int, leader_epoch: int
) -> None:
    """Go on at `offset`, of which the last record before was written in that leader epoch.

    KafkaConsumer.seek takes no epoch. Without one kafka-python never asks the broker whether the
    log was cut below the offset (OffsetForLeaderEpoch). Its subscription's own seek takes both.
    """
    if not consumer._subscription.is_assigned(partition):
        raise ValueError(f"{partition} is not assigned")
    consumer._subscription.seek(partition, OffsetAndMetadata(offset, "", leader_epoch))


def shorten_idle_sleep(consumer: KafkaConsumer, sleep_ms: int) -> None:
    """Let a poll that finds nothing under way sleep for at most `sleep_ms`.

    kafka-python takes a fetch that ends just as poll begins to wait for no fetch at all. Records
    that came would wait for its retry_backoff_ms (100). The consumer's own copy of that setting is
    read for this sleep only.
    """
    consumer.config["retry_backoff_ms"] = sleep_ms


def topic_id_known(producer: KafkaProducer, topic: str) -> str | None:
    """The topic's id in the producer's metadata, 32 hexadecimal digits; None if it has none.

    kafka-python offers no public way to it.
    """
    found = producer._metadata.topic_id(topic)
    return found.hex if found else None


def claim_nothing(consumer: KafkaConsumer) -> None:
    """Let the next join claim no partitions, since all of them were lost.

    kafka-python's cooperative assignor claims those of its last assignment, also after they were
    lost. The group's leader would keep a claimed partition from its new owner until the claimant
    revokes it, which it never does: nobody would read that partition. Forget the last assignment.
    """
    for assignor in consumer._coordinator._assignors.values():
        assignor.member_assignment = None


def ask_bootstrap_servers(client: KafkaNetClient) -> None:
    """Let a client ask its bootstrap servers when it can reach no broker that it knows.

    kafka-python knows only the brokers of its last metadata, and has no KIP-899. If these went
    away and others came back, it would try the same dead ones for good, and publish nothing until
    its process is restarted. Choose a bootstrap server while all known brokers are backed off.
    """
    manager = client._manager
    choose_known = manager.least_loaded_node

    def choose() -> Any:
        known = choose_known()
        if known is not None or not manager.bootstrapped:
            return known
        servers = [server.node_id for server in manager.cluster.bootstrap_brokers()]
        return next((node for node in servers if manager.connection_delay(node) == 0), None)

    manager.least_loaded_node = choose


def mark_closed(producer: KafkaProducer) -> None:
    """Let nothing wait for this producer any more, after its close() failed.

    kafka-python's __del__ closes it once more if close() failed. It would wait as long again, fail
    again, and print that on the terminal.
    """
    producer._closed = True
