"""`python -m services.archiving new-timeline`: lets a partition whose log was cut go on."""

from typing import Any

import click

from services.archiving.empty_object import empty_object
from services.archiving.store import Store, StoreError
from services.archiving.timeline import latest_timeline, timeline_footer, timeline_name


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
