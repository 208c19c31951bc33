"""What stands under the next name already: shorter, longer, or nothing that can be read."""

from collections.abc import Mapping, Sequence

import pytest

from services.archiving.naming import ObjectStart, arrival_hour, object_name
from services.archiving.object_builder import ObjectBuilder
from tests.faults.evidence import (
    KafkaRecord,
    Position,
    archived_rows,
    topic_differences,
)
from tests.faults.scene import ArchiveScene

LONG_AGE = ["--object-age-seconds", "600"]
CONSUMED = "dronewatch_consumer_records_total"
STUCK = "dronewatch_archiving_stuck_partitions"
UNREADABLE = b"PAR1 what is this? PAR1"


def object_of(topic_id: str, records: Sequence[KafkaRecord]) -> tuple[str, bytes]:
    """The object that some other worker would have put of these records."""
    first = records[0]
    start = ObjectStart(topic_id, first.partition, first.offset, arrival_hour(first.timestamp))
    builder = ObjectBuilder(start, first.timestamp, 0.0)
    builder.append(records)
    builder.end = records[-1].offset + 1
    return object_name(start), builder.finish().content


def of_partition(records: Mapping[Position, KafkaRecord], partition: int) -> list[KafkaRecord]:
    return [record for at, record in sorted(records.items()) if at[0] == partition]


@pytest.mark.parametrize("place", ["minio"], indirect=True)
def test_an_object_shorter_or_longer_than_ours_is_taken_for_what_it_is(
    archive: ArchiveScene,
) -> None:
    member = archive.crew.add(options=LONG_AGE)
    member.await_ready()
    archive.send_reports(20)
    member.await_metric(CONSUMED, 20 * archive.topic.partitions)
    member.freeze()
    archive.send_reports(10)
    records, topic_id = archive.records(), archive.topic_id()
    planted = dict(
        [
            object_of(topic_id, of_partition(records, 0)[:7]),
            object_of(topic_id, of_partition(records, 1)),
        ]
    )
    for name, content in planted.items():
        archive.place.plant(name, content)
    member.thaw()
    # Stopping makes it put what it holds: 412 on two of the partitions.
    archive.crew.stop_all()
    archive.crew.add()
    archive.group.await_caught_up()
    archive.crew.stop_all()
    objects = archive.place.objects()
    assert objects.items() >= planted.items()
    archive.check_archive(objects)


@pytest.mark.parametrize(
    ("place", "is_there_first"), [("folder", 1), ("minio", 0)], indirect=["place"]
)
def test_an_unreadable_object_stops_its_partition_and_no_other(
    is_there_first: int, archive: ArchiveScene
) -> None:
    running = [] if is_there_first else [archive.crew.add(options=["--object-age-seconds", "4"])]
    for member in running:
        member.await_ready()
    archive.send_reports(20)
    name, _ = object_of(archive.topic_id(), of_partition(archive.records(), 2))
    archive.place.plant(name, UNREADABLE)
    member = running[0] if running else archive.crew.add()
    member.await_metric(STUCK, 1)
    archive.send_reports(20)
    archive.group.await_partitions_done([0, 1, 3])
    assert member.answer("/livez") == 200
    assert name in archive.crew.logs()
    archive.crew.stop_all()
    objects = archive.place.objects()
    assert objects.pop(name) == UNREADABLE
    of_others = {at: record for at, record in archive.records().items() if at[0] != 2}
    assert topic_differences(of_others, archived_rows(objects)) == []
