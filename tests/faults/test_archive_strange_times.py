"""A topic that keeps its producers' time: nothing is archived under a time that cannot be true."""

import pytest
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType

from local.processes import Goal, await_until
from services.reports.codec import encoded
from services.stream.connection import client_settings
from services.stream.producer import producer
from tests.faults.evidence import archived_rows
from tests.faults.samples import sound_report
from tests.faults.scene import ArchiveScene, Scene
from tests.faults.test_archive_strange_objects import STUCK

pytestmark = pytest.mark.parametrize("place", ["folder"], indirect=True)
SETTING = "message.timestamp.type"
ABSURD_MS = 1


def set_timestamp_type(scene: Scene, value: str) -> None:
    resource = ConfigResource(ConfigResourceType.TOPIC, scene.topic.name, {SETTING: value})
    with KafkaAdminClient(**client_settings(scene.kafka)) as admin:
        admin.alter_configs([resource])


def send_absurd(scene: Scene) -> None:
    """A report from 1970, in partition 2."""
    with producer(scene.kafka) as sender:
        value = encoded(sound_report("from 1970"))
        sender.send(scene.topic.name, value, partition=2, timestamp_ms=ABSURD_MS)
        sender.flush()


def test_a_record_of_1970_stops_its_partition_with_a_clear_error_and_no_other(
    archive: ArchiveScene,
) -> None:
    archive.send_reports(5)
    set_timestamp_type(archive, "CreateTime")
    send_absurd(archive)
    set_timestamp_type(archive, "LogAppendTime")
    archive.send_reports(5)
    member = archive.crew.add()
    member.await_metric(STUCK, 1)
    archive.group.await_partitions_done([0, 1, 3])
    archive.crew.stop_all()
    assert "no plausible time of arrival" in archive.crew.logs()
    assert "Traceback" not in archive.crew.logs()
    archived = archived_rows(archive.place.objects())
    assert len([row for row in archived if row.partition != 2]) == 30
    assert all(row.timestamp != ABSURD_MS for row in archived)


def test_while_the_topic_keeps_its_producers_time_nothing_of_it_is_read(
    archive: ArchiveScene,
) -> None:
    set_timestamp_type(archive, "CreateTime")
    send_absurd(archive)
    member = archive.crew.add()
    says = Goal("it should say how to mend the topic", 60)
    await_until(lambda: f"{SETTING}=LogAppendTime" in archive.crew.logs(), [member.child], says)
    assert member.answer("/livez") == 200
    archive.crew.stop_all()
    assert archive.place.objects() == {}
    assert "Traceback" not in archive.crew.logs()
