"""`dronewatch-load` against a real Kafka: what it says, how it ends, what then stands where."""

import gzip
import signal
import subprocess
import time
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from kafka import KafkaAdminClient

from local.processes import Goal, await_until, stop
from services.reports.topics import ALERTS, REPORTS_REJECTED, Topic
from services.stream.connection import KafkaConnection, client_settings
from services.stream.topics import create_topics
from tests.faults.crew import Crew
from tests.faults.evidence import topic_records
from tests.faults.scene import GroupWatch
from tests.loading.scene import (
    HEADER,
    Scene,
    assert_accounted_for,
    await_progress,
    row,
    written,
)
from tests.stream.members import awaited

SAMPLE = Path(__file__).parents[2] / "../shared/data/nyc-parking/violations-sample.csv"


def ids(*numbers: int) -> Counter[str]:
    return Counter(f"nypd-{1_400_000_000 + number}" for number in numbers)


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
        assert child.popen.wait(10) == 1
    said = child.log_file.read_text()
    assert "the same command continues there" in said
    assert "Traceback" not in said
    checkpoint = file.checkpoint
    assert checkpoint
    assert scene.report_ids().total() == checkpoint.counts.sent

    assert scene.loaded(file.file).returncode == 0

    assert_accounted_for(file, scene.report_ids(), runs=1)


def test_several_files_of_each_kind_are_loaded_one_after_the_other(scene: Scene) -> None:
    plain = written(scene.folder / "a.csv", row(1), row(2))
    packed = scene.folder / "b.csv.gz"
    packed.write_bytes(gzip.compress(f"{HEADER}\n{row(3)}\n".encode()))
    archive = scene.folder / "c.zip"
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("data/2014.csv", f"{HEADER}\n{row(4)}\n")
        made.writestr("data/2015.csv", f"{HEADER}\n{row(5, '')}\n{row(6)}\n")
        made.writestr("__MACOSX/data/2014.csv", b"\x00\x05\x16\x07")

    ended = scene.loaded(plain, packed, archive)

    assert ended.returncode == 0, ended.stderr
    assert scene.report_ids() == ids(1, 2, 3, 4, 6)
    assert "c.zip/data/2015.csv: 2 rows" in ended.stdout
    assert "all files: 6 rows" in ended.stdout
    assert (scene.folder / "c.zip.data_2015.csv.rejected.csv").exists()


def test_standard_input_is_loaded_and_begins_anew_unless_a_checkpoint_is_named(
    scene: Scene,
) -> None:
    given = f"{HEADER}\n{row(1)}\n{row(2)}\n".encode()
    places = ("--rejected", scene.folder)

    for _ in range(2):
        assert scene.loaded("-", *places, given=given).returncode == 0
    assert scene.report_ids() == ids(1, 1, 2, 2)

    places = (*places, "--checkpoint", scene.folder)
    assert scene.loaded("-", *places, "--limit", 1, given=gzip.compress(given)).returncode == 0
    assert scene.loaded("-", *places, given=gzip.compress(given)).returncode == 0
    assert scene.report_ids() == ids(1, 1, 1, 2, 2, 2)


def test_waiting_for_standard_input_it_stops_when_told_and_sends_no_half_row(scene: Scene) -> None:
    given = "\n".join((HEADER, *map(row, range(5_000)), "")).encode()
    command = scene.command("-", "--checkpoint", scene.folder, "--rejected", scene.folder)
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        assert child.stdin
        child.stdin.write(given + b"1400099999,07/04/2013,46,08")
        child.stdin.flush()
        assert awaited(lambda: scene.records_count() >= 5_000)
        child.send_signal(signal.SIGTERM)
        assert child.wait(10) == 1
    assert scene.report_ids() == ids(*range(5_000))

    ended = scene.loaded("-", "--checkpoint", scene.folder, given=given + row(5_000).encode())

    assert ended.returncode == 0, ended.stderr
    assert scene.report_ids() == ids(*range(5_001))


def test_a_topic_that_is_not_there_yet_is_waited_for(scene: Scene) -> None:
    file = written(scene.folder / "a.csv", row(1))
    with scene.loading(file, "--topic", "no-such-topic") as child:
        goal = Goal("it should say that it waits", 60)
        await_until(lambda: "no topic no-such-topic" in child.log_file.read_text(), [child], goal)
        assert stop(child, 10) == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda file: file.write_text(file.read_text() + row(9) + "\n"), "bytes now"),
        (lambda file: file.write_text(file.read_text().replace("07/", "08/")), "other bytes"),
    ],
)
def test_a_changed_file_is_refused_until_it_is_to_be_loaded_anew(
    change: Callable[[Path], object], said: str, scene: Scene
) -> None:
    file = written(scene.folder / "a.csv", row(1), row(2))
    scene.loaded(file, "--limit", 1)
    change(file)

    ended = scene.loaded(file)

    assert ended.returncode == 1
    [line] = ended.stderr.splitlines()
    assert line.startswith("Error: a.csv: it has changed since its checkpoint")
    assert said in line
    assert "--restart" in line
    assert scene.report_ids() == ids(1)
    assert scene.loaded(file, "--restart").returncode == 0


def test_a_topic_made_anew_does_not_count_as_loaded(scene: Scene, kafka: KafkaConnection) -> None:
    file = written(scene.folder / "a.csv", row(1))
    scene.loaded(file)
    with KafkaAdminClient(**client_settings(kafka)) as admin:
        admin.delete_topics([scene.topic])
        assert awaited(lambda: scene.topic not in admin.list_topics())
    create_topics(kafka, [Topic(scene.topic, 3)])

    ended = scene.loaded(file)

    assert ended.returncode == 1
    assert "another topic" in ended.stderr
    assert scene.loaded(file, "--restart").returncode == 0
    assert scene.report_ids() == ids(1)


def test_too_many_rejected_rows_stop_it_early_and_each_time(scene: Scene) -> None:
    rows = [row(number, "" if number % 2 else "0857A") for number in range(1_000)]
    file = written(scene.folder / "a.csv", *rows)

    for _ in range(2):
        ended = scene.loaded(file, "--max-rejected", "0.2")
        assert ended.returncode == 1
        assert ended.stderr.splitlines()[-1].endswith("of 100 rows rejected (--max-rejected)")
    assert scene.report_ids().total() == 50

    assert scene.loaded(file, "--max-rejected", "0.6").returncode == 0
    assert scene.report_ids().total() == 500


def test_a_damaged_file_is_loaded_as_far_as_it_can_be_read(scene: Scene) -> None:
    text = "\n".join((HEADER, *map(row, range(30_000)), "")).encode()
    file = scene.folder / "a.csv.gz"
    packed = gzip.compress(text)
    file.write_bytes(packed[: len(packed) // 2])

    ended = scene.loaded(file)

    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1].startswith("Error: a.csv.gz: cannot be read: ")
    sent = scene.report_ids()
    assert sent == ids(*range(sent.total()))
    assert sent.total() > 5_000


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


def test_a_place_that_cannot_be_written_is_one_clear_line_and_nothing_is_sent(
    scene: Scene,
) -> None:
    file = written(scene.folder / "a.csv", row(1))
    missing = scene.folder / "missing" / "checkpoint.json"

    ended = scene.loaded(file, "--checkpoint", missing)

    assert ended.returncode == 1
    assert ended.stderr.startswith(f"Error: cannot write {missing}")
    assert not scene.records()


def test_somebody_elses_file_is_not_taken_for_the_rejected_rows(scene: Scene) -> None:
    file = written(scene.folder / "a.csv", row(1), row(2, ""))
    theirs = scene.folder / "a.csv.rejected.csv"
    theirs.write_text("my notes\n")

    ended = scene.loaded(file)

    assert ended.returncode == 1
    assert "none of this program's" in ended.stderr
    assert theirs.read_text() == "my notes\n"
    assert not scene.records()


def test_rejected_rows_that_were_taken_away_are_missed(scene: Scene) -> None:
    file = written(scene.folder / "a.csv", row(1, ""), row(2))
    scene.loaded(file, "--limit", 1)
    (scene.folder / "a.csv.rejected.csv").unlink()

    ended = scene.loaded(file)

    assert ended.returncode == 1
    assert "shorter than its checkpoint says" in ended.stderr


def test_two_runs_do_not_load_the_same_file_at_once(scene: Scene) -> None:
    file = scene.history(20_000)
    with scene.loading(file.file, "--rate", 1_000) as child:
        await_progress(child, file)

        ended = scene.loaded(file.file)

        assert ended.returncode == 1
        assert "another run is loading it" in ended.stderr
        assert stop(child, 10) == 1
