"""`python -m analysis` as a user runs it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pyarrow.fs
import pytest
from click.testing import CliRunner

from analysis.__main__ import main
from analysis.criteria import Criteria
from analysis.questions import built_in
from analysis.storage import S3Access, Storage, storage_at
from local.minio import MinioServer
from tests.analysis.conftest import WriteRows
from tests.analysis.rows import at, people, rejected, report, write_rows

ROOT = Path(__file__).parents[2]
NAMES = [question.name for question in built_in(Criteria())]


def analysis(*arguments: str | Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run the command in a process of its own; what it printed and its exit code."""
    path = os.pathsep.join([str(ROOT), str(ROOT / "spark-operator")])
    return subprocess.run(
        [sys.executable, "-m", "analysis", *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": path} | variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )


@pytest.fixture
def small(archive: Storage, write: WriteRows) -> Storage:
    """Three reports, one of them twice, and one record that is none; and one a day later."""
    write(
        {"violation": {"code": "999", "image_id": None}},
        {"citizens": people(0.01, 0.9), "words": ["protest"]},
        {},
        {"report_id": "r0"},
    )
    write_rows(Path(archive.root), [rejected(9)])
    late = at("2026-03-03T12:00:00")
    write_rows(Path(archive.root), [report(10, kafka_timestamp=late)])
    return archive


def test_all_questions_are_answered_and_a_bad_query_is_one_line(
    small: Storage, tmp_path: Path
) -> None:
    good, bad, worse = (tmp_path / f"{name}.sql" for name in ("good", "bad", "worse"))
    good.write_text("-- Who?\nSELECT name, score FROM citizens ORDER BY score")
    bad.write_text("SELECT nope FROM reports")
    worse.write_text("DROP VIEW reports")
    everything = [part for name in NAMES for part in ("--question", name)]
    sql = [part for file in (bad, worse, good) for part in ("--sql", file)]
    results = tmp_path / "results"
    ended = analysis(
        "run",
        *("--archive", small.root, "--results", results, "--run-name", "night"),
        *("--to", "2026-03-03"),
        *everything,
        *sql,
    )
    assert ended.returncode == 1
    assert [line[:27] for line in ended.stderr.splitlines()] == [
        "Starting Spark ...",
        "sql-bad: no answer: [UNRESO",
        "sql-worse: no answer: only ",
        "Error: sql-bad: no answer: ",
    ]
    # The last line says it all: it is what Kubernetes shows of a pod that failed.
    assert ended.stderr.splitlines()[-1].split("; sql-")[1:] == [ended.stderr.splitlines()[2][4:]]
    assert "5 rows = 3 reports + 1 copies + 1 rejected" in ended.stdout
    assert "[17/17] Who?\nname      score\n" in ended.stdout
    assert ended.stdout.splitlines()[-1] == f"Results: {results.as_uri()}"
    assert sorted(path.name for path in results.iterdir()) == sorted([*NAMES, "sql-good"])
    for name in [*NAMES, "sql-good"]:
        manifest = json.loads((results / name / "night" / "manifest.json").read_bytes())
        assert manifest["run"]["input_rows"]["reports"] == 3
        assert manifest["run"]["arrived_before"] == "2026-03-03T00:00:00Z"
        ElementTree.parse(results / name / "night" / "chart.svg")


def test_an_empty_range_gives_empty_answers(small: Storage, tmp_path: Path) -> None:
    ended = analysis(
        *("run", "--archive", small.root, "--results", tmp_path / "results"),
        *("--from", "2027-01-01", "--question", "crowd-areas", "--question", "fleet-gaps"),
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr == "Starting Spark ...\n"
    assert ended.stdout.count("(no rows)") == 2


def test_a_broken_object_is_one_line_that_names_it(
    small: Storage, write: WriteRows, tmp_path: Path
) -> None:
    broken = write({"kafka_offset": 77})
    broken.write_bytes(b"PAR1")
    ended = analysis("run", "--archive", small.root, "--results", tmp_path / "results")
    assert ended.returncode == 1
    _, line = ended.stderr.splitlines()
    assert line.startswith("Error: cannot read the archive file:")
    assert broken.name in line


def test_archive_and_results_may_be_in_minio(
    small: Storage, minio: MinioServer, bucket: str, tmp_path: Path
) -> None:
    access = S3Access(minio.endpoint, minio.access_key, minio.secret_key)
    remote = storage_at(f"s3a://{bucket}/place", access)
    pyarrow.fs.copy_files(
        f"{small.root}/reports",
        f"{remote.root}/reports",
        destination_filesystem=remote.filesystem,
    )
    ended = analysis(
        "run",
        *("--archive", f"s3a://{bucket}/place", "--results", f"s3a://{bucket}/results"),
        *("--question", "crowd-hours", "--run-name", "night"),
        DRONEWATCH_S3_ENDPOINT=minio.endpoint,
        DRONEWATCH_S3_ACCESS_KEY=minio.access_key,
        DRONEWATCH_S3_SECRET_KEY=minio.secret_key,
    )
    assert ended.returncode == 0, ended.stderr
    assert "6 rows = 4 reports + 1 copies + 1 rejected" in ended.stdout
    with remote.filesystem.open_input_file(f"{bucket}/results/crowd-hours/latest.json") as file:
        assert json.loads(file.read())["run"]["name"] == "night"
    assert minio.secret_key not in ended.stdout + ended.stderr


def test_no_java_is_one_line(small: Storage, tmp_path: Path) -> None:
    ended = analysis(
        *("run", "--archive", small.root, "--results", tmp_path), PATH=str(tmp_path), JAVA_HOME=""
    )
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1] == (
        "Error: no Java on the PATH: install a Java 17 runtime, Spark needs it"
    )


def test_a_java_that_does_not_start_is_one_line(small: Storage, tmp_path: Path) -> None:
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text("#!/bin/sh\necho 'Error: this Java is too old' >&2\nexit 1\n")
    java.chmod(0o755)
    ended = analysis("run", "--archive", small.root, "--results", tmp_path, JAVA_HOME=str(tmp_path))
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1] == (
        "Error: Spark did not start: Error: this Java is too old"
    )


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--archive", "/nowhere"], "no archive at file:///nowhere"),
        (["--archive", "hdfs://x"], "only local folders and s3a:// can be used"),
        (["--question", "parking"], "no question parking: choose from parking-weekdays"),
        (["--question", "crowd-hours"] * 2, "2 questions would be called crowd-hours"),
        (["--from", "sometime"], "'sometime' is no time"),
        (["--from", "2026-03-02", "--to", "2026-03-02"], "is not before"),
        (["--time-zone", "New York"], "'New York' is no time zone"),
        (["--run-name", "../x"], "'../x': use letters"),
        (["--agitation-below", "2"], "2.0 is not in the range"),
        (["--s3-access-key", "me"], "--s3-access-key and a secret key go together"),
        (["--s3-endpoint", "minio:9000"], "must begin with http:// or https://"),
        (["--sql", "/nowhere.sql"], "File '/nowhere.sql' does not exist"),
    ],
)
def test_a_bad_setting_is_one_clear_line(
    small: Storage, tmp_path: Path, arguments: list[str], complaint: str
) -> None:
    usual = ["run", "--archive", small.root, "--results", str(tmp_path)]
    ended = CliRunner().invoke(main, [*usual, *arguments])
    assert ended.exit_code in (1, 2)
    last = ended.stderr.splitlines()[-1]
    assert last.startswith("Error: ")
    assert complaint in last


@pytest.mark.parametrize(
    ("variable", "complaint"),
    [
        ("DRONEWATCH_QUESTION", "no question nonsense"),
        ("DRONEWATCH_FROM", "'nonsense' is no time"),
        ("DRONEWATCH_TO", "'nonsense' is no time"),
        ("DRONEWATCH_SQL", "File 'nonsense' does not exist"),
        ("DRONEWATCH_TIME_ZONE", "'nonsense' is no time zone"),
    ],
)
def test_a_flag_is_also_a_variable(
    small: Storage, tmp_path: Path, variable: str, complaint: str
) -> None:
    usual = ["run", "--archive", small.root, "--results", str(tmp_path)]
    ended = CliRunner().invoke(main, usual, env={variable: "nonsense"})
    assert ended.exit_code == 2
    assert complaint in ended.stderr


def test_the_questions_are_listed() -> None:
    ended = CliRunner().invoke(main, ["questions"])
    assert [line.split()[0] for line in ended.stdout.splitlines()] == NAMES
