"""`python -m services.archiving new-timeline`: lets a partition whose log was cut go on."""

from typing import Any

import click

from services.archiving.empty_object import empty_object
from services.archiving.store import Store, StoreError
from services.archiving.store_options import store_options
from services.archiving.timeline import latest_timeline, timeline_footer, timeline_name
from services.reports import topics
from services.runtime.settings import component_command
from services.stream.connection import KafkaConnection, kafka_options
from services.stream.identity import asked_topic_id
from services.stream.worker import NotNow


@component_command("new-timeline")
@kafka_options
@store_options
@click.option("--reports-topic", default=topics.REPORTS, help="Archived topic.")
@click.option("--partition", type=click.IntRange(0), required=True)
@click.option("--begin", type=click.IntRange(0), required=True, help="Go on at this position.")
def main(connection: KafkaConnection, store: Store, **settings: Any) -> None:
    """Let a partition whose log was cut go on, in a chain of its own."""
    try:
        topic_id = asked_topic_id(connection, settings["reports_topic"])
    except NotNow as error:
        raise click.ClickException(str(error)) from error
    made = report_new_timeline(store, topic_id, settings["partition"], settings["begin"])
    click.echo("partition {partition}: timeline {timeline} begins at {begin}".format(**made))


def begin_timeline(store: Store, topic_id: str, partition: int, begin: int) -> int:
    """Begin the partition's next timeline at this position and return its number.

    ClickException if somebody else begins one at the same moment; StoreError.
    """
    number = latest_timeline(store, topic_id, partition).number + 1
    content = empty_object(timeline_footer(topic_id, partition, begin))
    if not store.put_new(timeline_name(topic_id, partition, number), content):
        raise click.ClickException(f"timeline {number} of partition {partition} exists already")
    return number


def report_new_timeline(store: Store, topic_id: str, partition: int, begin: int) -> dict[str, Any]:
    """Begin a timeline for the command line; ClickException with the cause if it cannot be."""
    try:
        number = begin_timeline(store, topic_id, partition, begin)
    except StoreError as error:
        raise click.ClickException(f"the store: {error}") from error
    return {"partition": partition, "timeline": number, "begin": begin}
