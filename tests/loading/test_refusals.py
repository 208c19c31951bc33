"""What the loader does not do, and how it says so."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
from kafka import KafkaAdminClient

from local.processes import stop
from services.reports.topics import Topic
from services.stream.connection import KafkaConnection, client_settings
from services.stream.topics import create_topics
from tests.loading.scene import (
    HEADER,
    Scene,
    await_progress,
    ids,
    row,
    written,
)
from tests.stream.members import awaited


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
        assert stop(child, 30) == 1
