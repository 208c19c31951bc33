"""What a run leaves behind for the website and for people."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analysis.archive import Arrival, RowCounts
from analysis.charts import Picture
from analysis.results import Manifest, run_of, write_result
from analysis.storage import S3Access, Storage, storage_at

ANSWER = pa.table(
    {
        "hour": [1, 2],
        "share": [0.5, float("nan")],
        "day": pa.array([datetime(2026, 3, 2, tzinfo=UTC), None], pa.timestamp("us", "UTC")),
        "name": ["Zoë", None],
    }
)
CHART = Picture(svg=b"<svg/>", png=b"png")
STARTED = datetime(2026, 3, 9, 12, tzinfo=UTC)


def manifest(run_name: str) -> Manifest:
    arrival = Arrival(datetime(2026, 3, 1, tzinfo=UTC))
    run = run_of(run_name, STARTED, "file:///archive", arrival, RowCounts(10, 7, 1, 2))
    return Manifest("hours", "By hour", run, STARTED, 1.5, 2, False, ANSWER.column_names)


@pytest.fixture
def results(tmp_path: Path) -> Storage:
    return storage_at(str(tmp_path / "new" / "results"), S3Access())


def test_an_answer_is_written_as_four_files_and_a_manifest(results: Storage) -> None:
    folder = write_result(results, manifest("a"), ANSWER, CHART)
    written = {path.name: path for path in Path(results.root, "hours", "a").iterdir()}
    assert folder == f"{results.uri}/hours/a"
    described = json.loads(written.pop("manifest.json").read_bytes())
    assert sorted(described["files"]) == sorted(written)
    assert pq.read_table(written["answer.parquet"]).schema == ANSWER.schema
    assert written["chart.svg"].read_bytes() == b"<svg/>"


def test_the_manifest_says_what_was_asked_when_and_of_what(results: Storage) -> None:
    write_result(results, manifest("a"), ANSWER, CHART)
    described = json.loads(Path(results.root, "hours/a/manifest.json").read_bytes())
    assert described == {
        "question": "hours",
        "title": "By hour",
        "run": {
            "name": "a",
            "started_at": "2026-03-09T12:00:00Z",
            "archive": "file:///archive",
            "arrived_from": "2026-03-01T00:00:00Z",
            "arrived_before": None,
            "input_rows": {"rows": 10, "reports": 7, "copies": 1, "rejected": 2},
        },
        "answered_at": "2026-03-09T12:00:00Z",
        "seconds": 1.5,
        "rows": 2,
        "is_cut": False,
        "columns": ["hour", "share", "day", "name"],
        "files": ["answer.json", "answer.parquet", "chart.svg", "chart.png"],
    }


def test_the_answer_as_json_is_an_object_a_row(results: Storage) -> None:
    write_result(results, manifest("a"), ANSWER, CHART)
    assert json.loads(Path(results.root, "hours/a/answer.json").read_bytes())["rows"] == [
        {"hour": 1, "share": 0.5, "day": "2026-03-02T00:00:00Z", "name": "Zoë"},
        {"hour": 2, "share": None, "day": None, "name": None},
    ]


def test_the_latest_manifest_is_that_of_the_last_run(results: Storage) -> None:
    for name in ("a", "b"):
        write_result(results, manifest(name), ANSWER, CHART)
    latest = Path(results.root, "hours", "latest.json").read_bytes()
    assert latest == Path(results.root, "hours/b/manifest.json").read_bytes()
    assert Path(results.root, "hours/a/manifest.json").exists()
