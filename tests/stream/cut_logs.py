"""A broker that loses the end of a log, as it does when the power fails."""

from collections.abc import Iterator
from pathlib import Path

from local.kafka import KafkaServer
from tests.stream.batches import HEADER

LENGTH_BEFORE = 12  # Base offset (8 bytes) and length (4); the length counts what follows.


def batch_ends(segment: bytes) -> Iterator[int]:
    """Where each record batch ends in a segment file (kafka.apache.org, "Record Batch")."""
    position = 0
    while position + HEADER.size <= len(segment):
        length = int.from_bytes(segment[position + 8 : position + LENGTH_BEFORE], "big")
        if length <= 0:
            return
        position += LENGTH_BEFORE + length
        yield position


def lose_log_end(server: KafkaServer, topic: str, kept_batches: int, partition: int = 0) -> None:
    """Kill the broker, cut that log off behind so many batches, and start the broker again."""
    server.kill()
    cut(server.folder, topic, kept_batches, partition)
    server.restart()


def cut(folder: Path, topic: str, kept_batches: int, partition: int) -> None:
    (segment,) = folder.glob(f"**/{topic}-{partition}/*.log")
    ends = [0, *batch_ends(segment.read_bytes())]
    with segment.open("r+b") as file:
        file.truncate(ends[kept_batches])
