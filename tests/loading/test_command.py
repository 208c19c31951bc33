"""`dronewatch-load` against a real Kafka: what it says, how it ends, what then stands where."""

import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from kafka import KafkaAdminClient

from local.processes import stop
from services.reports.topics import ALERTS, REPORTS_REJECTED, Topic
from services.stream.connection import client_settings
from tests.faults.crew import Crew
from tests.faults.evidence import topic_records
from tests.faults.scene import GroupWatch
from tests.loading.scene import (
    HEADER,
    Scene,
    assert_accounted_for,
    await_progress,
    await_said,
    ids,
    row,
    written,
)

SAMPLE = Path(__file__).parents[2] / "../shared/data/nyc-parking/violations-sample.csv"


@pytest.mark.skipif(not SAMPLE.exists(), reason="the sample is not on this machine")
def test_the_real_sample_is_loaded_with_every_line_accounted_for(scene: Scene) -> None:
    folder = ("--checkpoint", scene.folder, "--rejected", scene.folder)

    ended = scene.loaded(SAMPLE, *folder)

    assert ended.returncode == 0, ended.stderr
    said = [line.split(maxsplit=1) for line in ended.stdout.splitlines()[1:]]
    assert {text.split(" (")[0]: count for count, text in said} == {
        "sent": "28,780",
        "rejected": "218",
        "no time": "213",
        "unreadable time": "3",
        "impossible date": "2",
    }
    records = scene.records()
    assert len(records) == 28_780
    rejected = scene.folder / f"{SAMPLE.name}.rejected.csv"
    assert rejected.read_bytes().count(b"\n") == 1 + 218
    spread = Counter(record.partition for record in records)
    assert len(spread) == 12
    assert max(spread.values()) < 1.2 * 28_780 / 12
    assert min(spread.values()) > 0.8 * 28_780 / 12


def test_a_records_key_is_its_report_id(scene: Scene) -> None:
    scene.loaded(written(scene.folder / "a.csv", row(1)))
    [record] = scene.records()
    assert record.key == b"nypd-1400000001"


def test_rows_that_are_no_reports_go_to_the_rejected_file_with_line_and_reason(
    scene: Scene,
) -> None:
    file = scene.folder / "a.csv"
    file.write_bytes(
        f"{HEADER}\n{row(1)}\n{row(2, '1520P')}\n{row(3)}\n".encode()
        + b'1400000004,"07/04/2013,46,0857A\n1400000005,\xff,46,0857A\n14000\x00,\n'
    )

    ended = scene.loaded(file)

    assert ended.returncode == 0
    assert scene.report_ids() == ids(1, 3)
    assert (scene.folder / "a.csv.rejected.csv").read_text().splitlines() == [
        "line_number,reason,row",
        '3,"unreadable time: 1520P","1400000002,07/04/2013,46,1520P"',
        '5,"broken quote: ""07/04/2013,46,0857A","1400000004,""07/04/2013,46,0857A"',
        r'6,"not UTF-8: byte 0xff","1400000005,\xff,46,0857A"',
        r'7,"NUL byte","14000\x00,"',
    ]


def test_loaded_already_it_sends_nothing_more(scene: Scene) -> None:
    file = written(scene.folder / "a.csv", row(1), row(2, ""))
    first = scene.loaded(file)

    again = scene.loaded(file)

    assert again.returncode == 0
    assert "loaded already" in again.stdout
    assert "--restart" in again.stdout
    assert again.stdout.splitlines()[1:] == first.stdout.splitlines()
    assert scene.report_ids() == ids(1)


def test_restart_loads_it_once_more_with_the_same_ids(scene: Scene) -> None:
    file = written(scene.folder / "a.csv", row(1), row(2, ""))
    scene.loaded(file)

    ended = scene.loaded(file, "--restart")

    assert ended.returncode == 0
    assert scene.report_ids() == ids(1, 1)
    assert (scene.folder / "a.csv.rejected.csv").read_text().count("\n") == 2


def test_a_limit_is_of_this_run_and_the_next_run_goes_on(scene: Scene) -> None:
    file = written(scene.folder / "a.csv", row(1), row(2, ""), row(3), row(4), row(5))

    limited = scene.loaded(file, "--limit", 3)

    assert limited.returncode == 0
    assert "stopped before line 5" in limited.stdout
    assert scene.report_ids() == ids(1, 3)
    assert scene.loaded(file, "--limit", 1).returncode == 0
    assert scene.report_ids() == ids(1, 3, 4)
    assert scene.loaded(file).returncode == 0
    assert scene.report_ids() == ids(1, 3, 4, 5)


def test_a_rate_bounds_the_rows_a_second(scene: Scene) -> None:
    file = written(scene.folder / "a.csv", *map(row, range(200)))

    began_seconds = time.monotonic()
    assert scene.loaded(file, "--rate", 100).returncode == 0

    assert time.monotonic() - began_seconds > 1.8
    assert scene.report_ids().total() == 200


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_it_ends_in_order_and_says_how_to_go_on(
    signal_number: int, scene: Scene
) -> None:
    file = scene.history(6_000)
    with scene.loading(file.file, "--rate", 1_000) as child:
        await_progress(child, file)
        child.popen.send_signal(signal_number)
        assert child.popen.wait(30) == 1
    said = child.log_file.read_text()
    assert "the same command continues there" in said
    assert "Traceback" not in said
    checkpoint = file.checkpoint
    assert checkpoint
    assert scene.report_ids().total() == checkpoint.counts.sent

    assert scene.loaded(file.file).returncode == 0

    assert_accounted_for(file, scene.report_ids(), runs=1)


def test_a_topic_that_is_not_there_yet_is_waited_for(scene: Scene) -> None:
    file = written(scene.folder / "a.csv", row(1))
    with scene.loading(file, "--topic", "no-such-topic") as child:
        await_said(child, "no topic no-such-topic")
        assert stop(child, 30) == 1


def test_history_raises_no_alert_whatever_its_code(
    scene: Scene, group_id: str, fresh_topic: Callable[..., str]
) -> None:
    alerts, rejected = fresh_topic(ALERTS), fresh_topic(REPORTS_REJECTED)
    topics = (
        "--reports-topic",
        scene.topic,
        "--alerts-topic",
        alerts,
        "--rejected-topic",
        rejected,
    )
    given = ("--group", group_id, "--human-codes", "46", "--kafka-bootstrap-servers")
    command = [*("-m", "services.alerting"), *given, scene.kafka.bootstrap_servers, *topics]
    crew = Crew(command, {}, scene.folder)
    try:
        crew.add()
        file = written(scene.folder / "a.csv", *map(row, range(500)))
        assert scene.loaded(file).returncode == 0
        with KafkaAdminClient(**client_settings(scene.kafka)) as admin:
            group = GroupWatch(admin, group_id, Topic(scene.topic, 12), crew)
            group.await_caught_up()
        crew.stop_all()
    finally:
        crew.disband()
    assert not topic_records(scene.kafka, alerts)
    assert not topic_records(scene.kafka, rejected)
