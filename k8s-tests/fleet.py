"""The fleet of a platform as the witness: how much it has sent, and whether it all arrived."""

from kafka import KafkaAdminClient

from cluster.access import kafka_access
from cluster.release import Platform
from cluster.witness import GROUPS, REPORTS_TOPIC, evidence, start_fleet
from local.offsets import progress_of, written
from local.processes import Goal, await_until
from services.stream.connection import new_client


def sent_more_than(platform: Platform, reports: int, seconds: float = 180) -> None:
    """Wait until so many reports more than now have been sent."""
    with kafka_access(platform, "witness") as connection:
        admin = new_client(KafkaAdminClient, connection)
        try:
            before = written(progress_of(admin, REPORTS_TOPIC, GROUPS))
            await_until(
                lambda: written(progress_of(admin, REPORTS_TOPIC, GROUPS)) > before + reports,
                [],
                Goal(f"{reports} more reports should come", seconds),
                look_seconds=0.5,
            )
        finally:
            admin.close()


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
