"""`python -m services.stream.step_over`: lets a consumer group skip what nobody can read.

It commits a later offset for one partition. The group must have no members: they would commit
their own again. The archive has its own command, which keeps its chain whole.
"""

from contextlib import closing
from typing import Any

import click
from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import OffsetSpec
from kafka.errors import KafkaError, NoError
from kafka.structs import OffsetAndMetadata

from services.runtime.settings import component_command
from services.stream.connection import KafkaConnection, kafka_options, new_client

TIMEOUT_MS = 10_000
ARCHIVE_MARK = "dronewatch:"


@component_command("step-over")
@kafka_options
@click.option("--group", required=True, help="Consumer group that stands before the batch.")
@click.option("--topic", required=True)
@click.option("--partition", type=click.IntRange(0), required=True)
@click.option("--to", "offset", type=click.IntRange(0), required=True, help="Go on at this offset.")
def main(connection: KafkaConnection, **settings: Any) -> None:
    """Let a group without members go on behind a batch that cannot be read."""
    at = TopicPartition(settings["topic"], settings["partition"])
    group, offset = settings["group"], settings["offset"]
    try:
        with closing(_admin(connection)) as admin:
            before = step_over(admin, group, at, offset)
    except KafkaError as error:
        raise click.ClickException(f"Kafka: {error or type(error).__name__}") from error
    place = f"{at.topic}, partition {at.partition}"
    click.echo(f"{group} goes on at {offset} in {place} (it had committed {before})")


def _admin(connection: KafkaConnection) -> Any:
    return new_client(
        KafkaAdminClient,
        connection,
        bootstrap_timeout_ms=TIMEOUT_MS,
        request_timeout_ms=TIMEOUT_MS,
    )


def step_over(admin: Any, group: str, at: TopicPartition, offset: int) -> int:
    """Commit the offset for the group and return the one before, -1 for none.

    ClickException if the group has members, the log has no such offset, or the group would go back.
    KafkaError.
    """
    _check_log(admin, at, offset)
    committed = _committed(admin, group, at)
    if committed.metadata.startswith(ARCHIVE_MARK):
        command = "python -m services.archiving step-over"
        raise click.ClickException(f"group {group} writes the archive: use `{command}`")
    if offset <= committed.offset:
        message = f"{group} has committed {committed.offset} already: {offset} would go back"
        raise click.ClickException(message)
    members = admin.describe_groups([group])[group]["members"]
    if members:
        message = f"group {group} has {len(members)} members: stop them first (scale to 0)"
        raise click.ClickException(message)
    altered = admin.alter_group_offsets(group, {at: OffsetAndMetadata(offset, "", -1)})
    if altered[at] is not NoError:
        raise altered[at](f"group {group} takes no offset")
    return int(committed.offset)


def _committed(admin: Any, group: str, at: TopicPartition) -> OffsetAndMetadata:
    found = admin.list_group_offsets({group: [at]}).get(group, {}).get(at)
    return found if found is not None else OffsetAndMetadata(-1, "", -1)


def _check_log(admin: Any, at: TopicPartition, offset: int) -> None:
    described = admin.describe_topics([at.topic])
    partitions = {each["partition_index"] for topic in described for each in topic["partitions"]}
    if at.partition not in partitions:
        raise click.ClickException(f"topic {at.topic} has no partition {at.partition}")
    end = admin.list_partition_offsets({at: OffsetSpec.LATEST})[at].offset
    if offset > end:
        raise click.ClickException(f"the log of partition {at.partition} ends at {end}")


if __name__ == "__main__":
    main()
