"""`python -m bench.garbage` sends records that are no report at a fixed rate. For bench.latency."""

import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from local.processes import Child, running, start
from services.stream.connection import KafkaConnection, kafka_options
from services.stream.producer import producer

SECONDS = 10
# Once the warm-up is over.
AFTER_SECONDS = 2
GARBAGE = b"no report: " + b"#" * 89
# So many records are sent together.
BURST_SECONDS = 0.01


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when, microseconds since the epoch."""

    from_us: int
    to_us: int

    def has(self, at_us: int) -> bool:
        """Whether this was in it."""
        return self.from_us <= at_us < self.to_us


def garbage_span(from_us: int) -> Span:
    """When garbage comes, if the warm-up ends at from_us."""
    begin_us = from_us + AFTER_SECONDS * 1_000_000
    return Span(begin_us, begin_us + SECONDS * 1_000_000)


@contextmanager
def garbage_coming(
    connection: KafkaConnection, folder: Path, rate: int, span: Span
) -> Iterator[list[Child]]:
    """A process that sends `rate` records of garbage a second in this span; none if it is 0."""
    if not rate:
        yield []
        return
    where = ["--kafka-bootstrap-servers", connection.bootstrap_servers]
    command = [sys.executable, "-m", "bench.garbage", *where, f"--rate={rate}"]
    with running(start("garbage", [*command, f"--at-us={span.from_us}"], log_of(folder))) as child:
        yield [child]


def sent_records(folder: Path) -> int:
    """How many the process has sent in its time."""
    return int(log_of(folder).read_text().split()[-1])


def log_of(folder: Path) -> Path:
    """Its last word is the number of records sent."""
    return folder / "garbage.log"


@click.command()
@kafka_options
@click.option("--topic", default="reports")
@click.option("--rate", type=int, required=True, help="Records a second.")
@click.option("--at-us", type=int, required=True, help="When to begin, since the epoch.")
def main(connection: KafkaConnection, topic: str, rate: int, at_us: int) -> None:
    """Send garbage for SECONDS, into all partitions."""
    settings = {"linger_ms": 20, "batch_size": 128 * 1024, "metrics_enabled": False}
    with closing(producer(connection, **settings)) as sender:
        sender.partitions_for(topic)
        time.sleep(max(0.0, at_us / 1_000_000 - time.time()))
        began_seconds, sent = time.monotonic(), 0
        while (elapsed_seconds := time.monotonic() - began_seconds) < SECONDS:
            due = int(rate * elapsed_seconds) - sent
            for _ in range(due):
                sender.send(topic, GARBAGE)
            sent += due
            time.sleep(BURST_SECONDS)
    click.echo(f"records sent: {sent}")


if __name__ == "__main__":
    main()
