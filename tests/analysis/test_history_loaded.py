"""History from file to analysis: whatever was sent twice, every valid row counts once."""

import subprocess
from collections.abc import Callable
from pathlib import Path

from kafka import KafkaAdminClient
from pyspark.sql import SparkSession

from analysis.archive import Arrival, read_reports
from analysis.storage import S3Access, storage_at
from services.reports.topics import Topic
from services.stream.connection import KafkaConnection, client_settings
from tests.faults.crew import Crew
from tests.faults.places import Folder
from tests.faults.scene import GroupWatch
from tests.loading.scene import Scene

PARTITIONS = 3


def archive(scene: Scene, group_id: str, place: Folder) -> None:
    """All that stands in the topic now."""
    given = ["--kafka-bootstrap-servers", scene.kafka.bootstrap_servers, "--group", group_id]
    given += ["--reports-topic", scene.topic, "--object-age-seconds", "0.7", *place.options]
    crew = Crew(["-m", "services.archiving", *given], {}, scene.folder)
    try:
        crew.add()
        with KafkaAdminClient(**client_settings(scene.kafka)) as admin:
            topic = Topic(scene.topic, PARTITIONS)
            GroupWatch(admin, group_id, topic, crew).await_caught_up()
        crew.stop_all()
    finally:
        crew.disband()


def test_rows_sent_again_after_a_kill_are_archived_and_count_once(
    spark: SparkSession,
    kafka: KafkaConnection,
    fresh_topic: Callable[..., str],
    group_id: str,
    tmp_path: Path,
) -> None:
    scene = Scene(kafka, fresh_topic(partitions=PARTITIONS), tmp_path)
    file, place = scene.history(4_000), Folder(tmp_path / "archive")
    command = scene.command(file.file)
    at = command.index("services.loading")
    # Dies once 2,000 rows are acknowledged, of which its checkpoint knows the first 1,000.
    command[at : at + 1] = ["tests.loading.dying_loader", "3"]
    subprocess.run(command, check=False)
    assert scene.loaded(file.file).returncode == 0
    sent = scene.report_ids()
    assert sent.total() > file.report_ids.total()

    archive(scene, group_id, place)

    archived = read_reports(spark, storage_at(str(place.root), S3Access()), Arrival())
    assert archived.counts.rows == sent.total()
    assert archived.counts.rejected == 0
    ids = [row.report_id for row in archived.reports.select("report_id").collect()]
    assert sorted(ids) == sorted(file.report_ids)
    assert archived.reports.where("source = 'nypd'").count() == len(ids)
