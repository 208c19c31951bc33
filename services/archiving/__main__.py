"""`python -m services.archiving`: reads the settings once and wires the parts."""

import sys
import uuid
from typing import Any

import click

from services.archiving import new_timeline, step_over, verify
from services.archiving.limits import MEBIBYTE, FlushLimits
from services.archiving.store import (
    Store,
    StoreRefusalError,
    StoreUnavailableError,
    is_create_only,
)
from services.archiving.store_options import store_options
from services.archiving.worker import ArchivingWorker, Clocks
from services.reports import topics
from services.runtime.clock import now_ms
from services.runtime.settings import component_command, process_options
from services.stream.component import group_options, run_component
from services.stream.connection import KafkaConnection, kafka_options
from services.stream.identity import TopicIdentity
from services.stream.worker import NotNow

# Fewer, larger fetches cost less; what is fetched ahead counts as memory. A poll unpacks up to
# 32 pieces of 512 KiB, 16 MiB.
FETCH_SETTINGS: dict[str, Any] = {
    "fetch_min_bytes": 256 * 1024,
    "fetch_max_bytes": 16 * MEBIBYTE,
    "max_partition_fetch_bytes": 2 * MEBIBYTE,
    "max_poll_records": 32,
}


@component_command("dronewatch-archive")
@kafka_options
@process_options
@group_options
@click.option("--reports-topic", default=topics.REPORTS, help="Read from.")
@click.option("--group", default="archiving", help="Consumer group.")
@store_options
@click.option(
    "--object-mebibytes",
    type=click.IntRange(1),
    default=64,
    help="Put an object at this much raw data.",
)
@click.option(
    "--object-age-seconds",
    type=click.FloatRange(0, min_open=True),
    default=300.0,
    help="Put an object at this age.",
)
@click.option(
    "--memory-mebibytes",
    type=click.IntRange(1),
    default=160,
    help="Memory for records not yet archived.",
)
def main(connection: KafkaConnection, store: Store, **settings: Any) -> None:
    """Keep every report, exactly once, as Parquet objects."""
    topic = settings["reports_topic"]
    limits = FlushLimits(
        object_raw_bytes=settings["object_mebibytes"] * MEBIBYTE,
        object_age_seconds=settings["object_age_seconds"],
        memory_bytes=settings["memory_mebibytes"] * MEBIBYTE,
    )

    def worker() -> ArchivingWorker:
        _check(store)
        return ArchivingWorker(store, TopicIdentity(connection, topic), limits, Clocks(now_ms))

    run_component(connection, settings, topic, worker, **FETCH_SETTINGS)


def _check(store: Store) -> None:
    """Refuse a store in which two workers could overwrite each other."""
    try:
        is_safe = is_create_only(store, f"probes/{uuid.uuid4().hex}")
    except StoreUnavailableError as error:
        raise NotNow(f"the store does not answer: {error}") from error
    except StoreRefusalError as error:
        raise click.ClickException(f"the store refuses us: {error}") from error
    if not is_safe:
        message = "the store lets two puts of one name win (If-None-Match is ignored): use another"
        raise click.ClickException(message)


COMMANDS = {"verify": verify.main, "step-over": step_over.main, "new-timeline": new_timeline.main}


def run(arguments: list[str]) -> None:
    """Run the command that the first argument names; without one, the worker."""
    name = arguments[0] if arguments and arguments[0] in COMMANDS else None
    program = "python -m services.archiving"
    if name is None:
        main(arguments, prog_name=program)
    else:
        COMMANDS[name](arguments[1:], prog_name=f"{program} {name}")


if __name__ == "__main__":
    run(sys.argv[1:])
