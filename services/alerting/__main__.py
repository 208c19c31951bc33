"""`python -m services.alerting`: reads the settings once and wires the parts."""

import time
from typing import Any

import click

from services.alerting.alert_router import AlertRouter, OutputTopics
from services.alerting.publisher import Producers, Publisher
from services.alerting.rules import AGITATION_BELOW, ALERT_SOURCES, HUMAN_CODES, Rules
from services.alerting.worker import AlertingWorker
from services.reports import topics
from services.runtime.settings import component_command, process_options
from services.stream.component import group_options, run_component
from services.stream.connection import KafkaConnection, kafka_options
from services.stream.consumer import WHOLE_FETCHES
from services.stream.producer import producer
from services.stream.reliable_producer import ReliableProducer

# kafka-python tries a broker again only after up to 36 s, once it was away for long, and keeps its
# metadata for 5 minutes. Alerts would wait as long for a leader that is back. Ask it sooner.
RECONNECTING = {"reconnect_backoff_max_ms": 2_000, "metadata_max_age_ms": 10_000}


def words_of(text: str) -> frozenset[str]:
    """A setting's comma-separated words."""
    return frozenset(word.strip() for word in text.split(",") if word.strip())


def producers(connection: KafkaConnection) -> Producers:
    """For the alerts one that sends at once, for the rejections one that waits for full batches."""
    shared = {"bootstrap_timeout_ms": 5_000, "metrics_enabled": False, **RECONNECTING}
    alerts = producer(
        connection, max_block_ms=2_000, max_request_size=topics.DERIVED_MAX_BYTES, **shared
    )
    try:
        rejections = producer(
            connection,
            # Alerts would wait as long for a topic of rejections that does not exist.
            max_block_ms=50,
            max_request_size=topics.DERIVED_MAX_BYTES,
            linger_ms=20,
            batch_size=128 * 1024,
            **shared,
        )
    except BaseException:
        alerts.close(timeout=0)
        raise
    return Producers(ReliableProducer(alerts), ReliableProducer(rejections))


@component_command("dronewatch-alert")
@kafka_options
@process_options
@group_options
@click.option("--reports-topic", default=topics.REPORTS, help="Read from.")
@click.option("--alerts-topic", default=topics.ALERTS, help="Alerts go to.")
@click.option(
    "--rejected-topic", default=topics.REPORTS_REJECTED, help="What is no report goes there."
)
@click.option("--group", default="alerting", help="Consumer group.")
@click.option(
    "--human-codes",
    default=",".join(sorted(HUMAN_CODES)),
    help="Violation codes that need a human, separated by commas.",
)
@click.option(
    "--agitation-below",
    type=click.FloatRange(0, 1),
    default=AGITATION_BELOW,
    help="A citizen's score below this raises an alert.",
)
@click.option(
    "--alert-sources",
    default=",".join(sorted(ALERT_SOURCES)),
    help="Sources that may raise alerts, separated by commas.",
)
def main(connection: KafkaConnection, **settings: Any) -> None:
    """Turn reports into alerts."""
    rules = Rules(
        human_codes=words_of(settings["human_codes"]),
        agitation_below=settings["agitation_below"],
        alert_sources=words_of(settings["alert_sources"]),
    )
    output = OutputTopics(settings["alerts_topic"], settings["rejected_topic"])
    topic = settings["reports_topic"]

    def worker() -> AlertingWorker:
        router = AlertRouter(rules, output)
        return AlertingWorker(Publisher(producers(connection), router, time.monotonic), topic)

    run_component(connection, settings, topic, worker, **WHOLE_FETCHES)


if __name__ == "__main__":
    main()
