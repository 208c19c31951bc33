"""Reports of aborted transactions, on the real components: neither archived nor alerted."""

import pytest

from services.reports.codec import encoded
from tests.faults.evidence import archived_rows, topic_records
from tests.faults.samples import sound_report
from tests.faults.scene import ArchiveScene, Scene
from tests.stream.transactions import send_transaction

COMMITTED, ABORTED = ("a", "b"), ("gone-1", "gone-2")


def send_both(scene: Scene) -> None:
    """On each partition a committed transaction, an aborted one, and plain reports behind."""
    for ids, is_committed in ((COMMITTED, True), (ABORTED, False)):
        reports = [encoded(sound_report(report_id, score=0.01)) for report_id in ids]
        partitions = scene.topic.partitions
        send_transaction(scene.kafka, scene.topic.name, reports, partitions, is_committed)
    scene.send([encoded(sound_report("plain", score=0.01))])


@pytest.mark.parametrize("place", ["folder"], indirect=True)
def test_reports_of_an_aborted_transaction_are_not_archived_and_the_chain_passes_them(
    archive: ArchiveScene,
) -> None:
    send_both(archive)
    # The log ends with an aborted transaction and its marker.
    gone = [encoded(sound_report("gone-3"))]
    partitions = archive.topic.partitions
    send_transaction(archive.kafka, archive.topic.name, gone, partitions, is_committed=False)
    archive.crew.add()
    archive.group.await_caught_up()
    archive.crew.stop_all()
    objects = archive.place.objects()
    archived = {row.columns["report_id"] for row in archived_rows(objects)}
    assert archived == {*COMMITTED, "plain"}
    archive.check_archive(objects)


def test_reports_of_an_aborted_transaction_raise_no_alert(
    alerting: Scene, topic_names: dict[str, str]
) -> None:
    send_both(alerting)
    alerting.crew.add()
    alerting.group.await_caught_up()
    alerting.crew.stop_all()
    values = topic_records(alerting.kafka, topic_names["alerts"]).values()
    alerts = b"\n".join(record.value or b"" for record in values)
    assert all(f'"{report_id}'.encode() in alerts for report_id in (*COMMITTED, "plain"))
    assert b"gone" not in alerts
