"""The fleet of a platform as the witness: how much it has sent, and whether it all arrived."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from kafka import KafkaAdminClient

from cluster.access import kafka_access
from cluster.release import Platform
from cluster.witness import GROUPS, evidence, reports_topic, start_fleet
from local.offsets import progress_of, written
from local.processes import Goal, await_until
from services.stream.connection import new_client

# Helm's arguments. One by one: a whole `simulator` would take the place of its other values, the
# ledger too.
REPORTS_PER_SECOND = 100
FLEET = (
    "--set-json",
    f'simulator.speed="max",simulator.rate={REPORTS_PER_SECOND},simulator.faultShare=0.01',
)


@contextmanager
def sent(platform: Platform) -> Iterator[Callable[[], int]]:
    """`count()`: how many reports have been sent until now."""
    with kafka_access(platform, "witness") as connection:
        admin = new_client(KafkaAdminClient, connection)
        try:
            topic = reports_topic(admin)
            yield lambda: written(progress_of(admin, topic, GROUPS))
        finally:
            admin.close()


def sent_more_than(platform: Platform, reports: int, seconds: float = 180) -> None:
    """Wait until so many reports more than now have been sent."""
    with sent(platform) as count:
        before = count()
        goal = Goal(f"{reports} more reports should come", seconds)
        await_until(lambda: count() > before + reports, [], goal, look_seconds=0.5)


def adds_up(platform: Platform) -> None:
    """Assert that all that was sent stands in the archive once and raised its alerts.

    The fleet stands still meanwhile and flies again afterwards.
    """
    try:
        found = evidence(platform)
    finally:
        start_fleet(platform)
    assert found.sent
    assert found.differences == ()
