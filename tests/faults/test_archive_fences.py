"""V7: retention deletes what a frozen worker holds, another begins behind it, the first wakes."""

import pytest
from kafka import KafkaAdminClient, TopicPartition

from local.processes import Goal, await_until
from services.stream.connection import client_settings
from tests.faults.evidence import archived_rows, object_differences
from tests.faults.scene import ArchiveScene, Scene

ARCHIVED, HELD = 10, 100
LOG_START = 60


def delete_below(scene: Scene, offset: int) -> None:
    """Let every partition's log begin there, as retention would."""
    partitions = [TopicPartition(scene.topic.name, p) for p in range(scene.topic.partitions)]
    with KafkaAdminClient(**client_settings(scene.kafka)) as admin:
        admin.delete_records(dict.fromkeys(partitions, offset))


def begin_chains(archive: ArchiveScene, records: int) -> None:
    """Let a worker archive so many records of each partition, and stop."""
    if records:
        archive.send_reports(records)
        archive.crew.add()
        archive.group.await_caught_up()
        archive.crew.stop_all()


@pytest.mark.parametrize("begun_by_others", [0, ARCHIVED])
def test_a_worker_that_wakes_after_retention_adds_nothing_twice_and_nothing_is_lost(
    archive: ArchiveScene, begun_by_others: int
) -> None:
    folder, crew, group = archive.folder, archive.crew, archive.group
    begin_chains(archive, begun_by_others)
    archive.send_reports(HELD)
    zombie = crew.add(["tests.faults.late_archiver", str(folder)])
    waits = Goal("a put should be on its way", 60)
    await_until((folder / "waiting").exists, [zombie.child], waits)
    zombie.freeze()
    delete_below(archive, LOG_START)
    heir = crew.add()
    group.await_caught_up()
    (folder / "gate").touch()
    zombie.thaw()
    await_until((folder / "won").exists, [zombie.child], Goal("the late put should end", 60))
    assert (folder / "won").read_text() == "False"
    assert bool(heir.metric("dronewatch_archiving_lost_offsets_total")) is bool(begun_by_others)
    # Both work on: whoever has the partition now goes on behind the fences.
    archive.send_reports(HELD)
    group.await_caught_up()
    crew.stop_all()
    check_once(archive)


def check_once(archive: ArchiveScene) -> None:
    """No record is archived twice, and none is missing that Kafka still has."""
    objects = archive.place.objects()
    rows = [(row.partition, row.offset) for row in archived_rows(objects)]
    assert len(rows) == len(set(rows))
    assert archive.records().keys() <= set(rows)
    deleted = {(p, o) for p in range(archive.topic.partitions) for o in range(LOG_START)}
    assert set(rows) - archive.records().keys() <= deleted
    assert object_differences(objects) == []
    assert "Traceback" not in archive.crew.logs()
