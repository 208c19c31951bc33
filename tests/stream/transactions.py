"""A producer of transactions, as a stranger's client may be."""

from collections.abc import Sequence
from uuid import uuid4

from services.stream.connection import KafkaConnection
from services.stream.producer import producer


def send_transaction(
    connection: KafkaConnection,
    topic: str,
    values: Sequence[bytes],
    partitions: int = 1,
    is_committed: bool = True,
) -> None:
    """These values on each of the partitions, in one transaction that is committed or aborted."""
    with producer(connection, transactional_id=f"stranger-{uuid4().hex}") as sender:
        sender.init_transactions()
        sender.begin_transaction()
        for value in values:
            for partition in range(partitions):
                sender.send(topic, key=b"k", value=value, partition=partition)
        sender.flush()
        if is_committed:
            sender.commit_transaction()
        else:
            sender.abort_transaction()
