"""`python -m services.notifying CHANNEL`: reads the settings once and wires the parts."""

from collections.abc import Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import Any

import click

from services.notifying.broker_clock import BrokerClock, monotonic_ms
from services.notifying.channel import Channel
from services.notifying.channels import CHANNELS, channel_from, channel_options
from services.notifying.copies import Copies
from services.notifying.metrics import show
from services.notifying.partitions_reader import KafkaPartitionsReader
from services.notifying.publishing import Addresses, Publishing, notices_producer
from services.notifying.retry_worker import CONSUMER_SETTINGS, RetryWorker
from services.notifying.retrying import GIVE_UP_HOURS, Terms
from services.notifying.starting import TopicWatch
from services.notifying.worker import NotifyingWorker, Settings, TopicKnowledge
from services.reports import topics
from services.runtime.clock import now_ms
from services.runtime.settings import component_command, process_options
from services.stream.component import group_options, run_component
from services.stream.connection import KafkaConnection, kafka_options
from services.stream.identity import TopicIdentity
from services.stream.reliable_producer import ReliableProducer

HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Wiring:
    """Makes the workers of a channel; what is opened is closed if a part of it cannot be."""

    connection: KafkaConnection
    addresses: Addresses
    settings: Mapping[str, Any]

    def notifying(self) -> NotifyingWorker:
        """Of the alerts themselves."""
        topic = self.settings["alerts_topic"]
        window_ms = int(self.settings["window_seconds"] * 1000)
        with ExitStack() as opened:
            channel, publishing = self._sides(opened)
            identity = opened.enter_context(closing(TopicIdentity(self.connection, topic)))
            clock = BrokerClock(now_ms, monotonic_ms)
            copies = Copies(KafkaPartitionsReader(self.connection, topic), clock, monotonic_ms)
            known = TopicKnowledge(TopicWatch(identity, monotonic_ms), copies)
            opened.pop_all()
            return NotifyingWorker(channel, publishing, known, Settings(topic, window_ms, clock))

    def retrying(self) -> RetryWorker:
        """Of what failed before."""
        with ExitStack() as opened:
            channel, publishing = self._sides(opened)
            opened.pop_all()
            clock = BrokerClock(now_ms, monotonic_ms)
            return RetryWorker(channel, publishing, self.addresses.retry, clock)

    def _sides(self, opened: ExitStack) -> tuple[Channel, Publishing]:
        # First, so that a setting that makes no channel is told before Kafka is waited for.
        made = channel_from(self.addresses.channel, self.settings)
        channel = opened.enter_context(closing(made))
        sender = opened.enter_context(closing(notices_producer(self.connection)))
        terms = Terms(channel.recipients, int(self.settings["give_up_hours"] * HOUR_MS))
        return channel, Publishing(ReliableProducer(sender), self.addresses, terms)


@component_command("dronewatch-notify")
@click.argument("channel", type=click.Choice(list(CHANNELS)), metavar="CHANNEL")
@click.option("--retries", is_flag=True, help="Send what failed before, instead of new alerts.")
@kafka_options
@process_options
@group_options
@click.option("--alerts-topic", default=topics.ALERTS, help="Read from.")
@click.option(
    "--retry-topic",
    help="What may succeed another time waits there. [default: alerts-retry-CHANNEL]",
)
@click.option(
    "--undelivered-topic",
    default=topics.ALERTS_UNDELIVERED,
    help="What was refused, or failed for too long, goes there.",
)
@click.option(
    "--group", help="Consumer group. [default: notifying-CHANNEL, with --retries ...-retries]"
)
@click.option(
    "--window-seconds",
    type=click.FloatRange(0),
    default=300.0,
    help="After an alert, further ones of its drone and subject wait so long, to go together.",
)
@click.option(
    "--give-up-hours",
    type=click.FloatRange(0),
    default=GIVE_UP_HOURS,
    help="For so long what failed is tried again.",
)
@channel_options
def main(connection: KafkaConnection, channel: str, **settings: Any) -> None:
    """Send alerts to people by CHANNEL: email, webhook or log."""
    if settings["retries"] and channel not in topics.RETRIES:
        raise click.UsageError(f"--retries is not for {channel}, which does not fail for a while")
    retry_topic = settings["retry_topic"] or topics.RETRIES.get(channel, "")
    addresses = Addresses(channel, retry_topic, settings["undelivered_topic"])
    group = settings["group"] or f"notifying-{channel}{'-retries' * settings['retries']}"
    wiring = Wiring(connection, addresses, settings | {"group": group})
    show(channel)
    if settings["retries"]:
        run_component(
            connection, wiring.settings, retry_topic, wiring.retrying, **CONSUMER_SETTINGS
        )
    else:
        topic = settings["alerts_topic"]
        run_component(connection, wiring.settings, topic, wiring.notifying, with_headers=True)


if __name__ == "__main__":
    main()
