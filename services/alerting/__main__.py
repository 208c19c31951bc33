"""`python -m services.alerting`: reads the settings once and wires the parts."""

from typing import Any

import click

from services.alerting.outbox import Addresses, Outbox
from services.alerting.rules import AGITATION_BELOW, ALERT_SOURCES, HUMAN_CODES, Rules
from services.alerting.worker import AlertingWorker
from services.reports import topics
from services.runtime.clock import now_ms
from services.runtime.settings import component_command, process_options
from services.stream.component import group_options, run_component
from services.stream.connection import KafkaConnection, kafka_options
from services.stream.consumer import WHOLE_FETCHES
from services.stream.producer import producer


def words_of(text: str) -> frozenset[str]:
    """A setting's comma-separated words."""
    return frozenset(word.strip() for word in text.split(",") if word.strip())


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
    addresses = Addresses(settings["alerts_topic"], settings["rejected_topic"])
    topic = settings["reports_topic"]

    def worker() -> AlertingWorker:
        sender = producer(
            connection,
            bootstrap_timeout_ms=5_000,
            max_block_ms=2_000,
            max_request_size=topics.DERIVED_MAX_BYTES,
            metrics_enabled=False,
        )
        return AlertingWorker(sender, Outbox(rules, addresses, now_ms), topic)

    run_component(connection, settings, topic, worker, **WHOLE_FETCHES)


if __name__ == "__main__":
    main()
