"""What the demo stands on from its start to its end: Kafka, and the website that reads it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from local.kafka import KafkaServer, running_kafka
from local.processes import Child
from local.progress import announce, show
from local.website import Website, login_lines, running_website
from services.reports.topics import TOPICS
from services.stream.topics import create_topics


@dataclass(frozen=True, slots=True)
class Base:
    """A broker with all topics, and a website that serves."""

    kafka: KafkaServer
    website: Website

    @property
    def children(self) -> list[Child]:
        """Their processes."""
        return [self.kafka.child, self.website.child]


@contextmanager
def running_base(folder: Path, website_port: int) -> Iterator[Base]:
    """Kafka with its topics and the website, on that port if it is free; stopped at the end."""
    announce("Starting Kafka")
    with running_kafka(folder / "kafka") as kafka:
        create_topics(kafka.connection, TOPICS)
        announce("Starting the website")
        with running_website(kafka.connection, folder, website_port) as website:
            show(login_lines(website))
            yield Base(kafka, website)
