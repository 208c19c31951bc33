"""The topic is deleted and made again within the hour: both sets stand in the archive."""

from collections.abc import Mapping

import pytest
from kafka import KafkaAdminClient

from local.processes import Goal, await_until
from services.archiving.naming import object_start
from services.reports.topics import REPORTS, TOPICS, Topic
from services.stream.connection import client_settings
from services.stream.topics import create_topics
from tests.faults.crew import Member
from tests.faults.evidence import (
    KafkaRecord,
    Position,
    archived_rows,
    object_differences,
    topic_differences,
)
from tests.faults.scene import ArchiveScene, Scene
from tests.faults.test_archive_strange_objects import CONSUMED, LONG_AGE

CONFIGS = next(topic.configs for topic in TOPICS if topic.name == REPORTS)
OLD, NEW = 30, 50

pytestmark = pytest.mark.parametrize("place", ["folder"], indirect=True)


def make_anew(scene: Scene) -> None:
    """Delete the topic, and create it under the same name at once."""
    with KafkaAdminClient(**client_settings(scene.kafka)) as admin:
        admin.delete_topics([scene.topic.name])
    create_topics(scene.kafka, [Topic(scene.topic.name, scene.topic.partitions, CONFIGS)])


def differences(
    sets: Mapping[str, dict[Position, KafkaRecord]], objects: Mapping[str, bytes]
) -> list[str]:
    """What of each topic id does not stand in that id's objects as it was."""
    return object_differences(objects) + [
        difference
        for topic_id, records in sets.items()
        for difference in topic_differences(records, archived_rows(_of(topic_id, objects)))
    ]


def _of(topic_id: str, objects: Mapping[str, bytes]) -> dict[str, bytes]:
    return {
        name: content
        for name, content in objects.items()
        if (start := object_start(name)) and start.topic_id == topic_id
    }


def await_checks(member: Member) -> None:
    """Until the worker has looked twice which topic it is; it exports its gauges when it does."""
    for _ in range(3):
        _await_change(member, "dronewatch_archiving_oldest_age_seconds")


def _await_change(member: Member, metric: str) -> None:
    before = member.metric(metric)
    goal = Goal(f"{metric} should change", 30)
    await_until(lambda: member.metric(metric) != before, [member.child], goal)


def test_made_anew_while_a_worker_holds_records_of_the_old_one(archive: ArchiveScene) -> None:
    partitions = archive.topic.partitions
    member = archive.crew.add(options=LONG_AGE)
    member.await_ready()
    archive.send_reports(OLD)
    member.await_metric(CONSUMED, OLD * partitions)
    await_checks(member)
    old = {archive.topic_id(): archive.records()}
    make_anew(archive)
    # More than before, so that the old positions exist in the new topic, too.
    archive.send_reports(NEW)
    new = {archive.topic_id(): archive.records()}
    # The old objects are put, the new topic is begun, and all of it is read.
    member.await_metric("dronewatch_archiving_untrusted_starts_total", 2 * partitions)
    member.await_metric("dronewatch_archiving_puts_total", partitions)
    member.await_metric(CONSUMED, (OLD + NEW) * partitions)
    archive.crew.stop_all()
    assert differences(old | new, archive.place.objects()) == []


def test_made_anew_while_no_worker_runs(archive: ArchiveScene) -> None:
    archive.send_reports(OLD)
    archive.crew.add()
    archive.group.await_caught_up()
    archive.crew.stop_all()
    old = {archive.topic_id(): archive.records()}
    make_anew(archive)
    archive.send_reports(NEW)
    new = {archive.topic_id(): archive.records()}
    archive.crew.add()
    archive.group.await_caught_up()
    archive.crew.stop_all()
    assert differences(old | new, archive.place.objects()) == []
