"""Answers as files: `<results>/<question>/<run>/`, for the website and for people.

answer.json, answer.parquet, chart.svg, chart.png, and manifest.json, which is written last: a
folder with a manifest is complete. `<results>/<question>/latest.json` is the newest manifest.
Written by the driver itself: an answer is small, so one way serves a local folder and MinIO.
"""

from datetime import datetime
from io import BytesIO
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow.fs import LocalFileSystem

from analysis.archive import Arrival, RowCounts
from analysis.charts import Picture
from analysis.storage import Storage

FILES = ("answer.json", "answer.parquet", "chart.svg", "chart.png")


class Run(msgspec.Struct, frozen=True):
    """One run of the analysis: its name, when it began (UTC), and what it read."""

    name: str
    started_at: datetime
    archive: str
    arrived_from: datetime | None
    arrived_before: datetime | None
    input_rows: dict[str, int]


class Manifest(msgspec.Struct, frozen=True):
    """What an answer is and how it came about; the content of manifest.json."""

    question: str
    title: str
    run: Run
    answered_at: datetime
    seconds: float
    rows: int
    is_cut: bool
    columns: list[str]
    files: tuple[str, ...] = FILES


def write_result(results: Storage, manifest: Manifest, answer: pa.Table, chart: Picture) -> str:
    """Write an answer's files; the folder's address. OSError if the storage refuses."""
    folder = f"{manifest.question}/{manifest.run.name}"
    contents = (answer_json(manifest, answer), _parquet(answer), chart.svg, chart.png)
    for name, content in zip(FILES, contents, strict=True):
        _write(results, f"{folder}/{name}", content)
    described = _json(manifest)
    _write(results, f"{folder}/manifest.json", described)
    _write(results, f"{manifest.question}/latest.json", described)
    return f"{results.uri}/{folder}"


def answer_json(manifest: Manifest, answer: pa.Table) -> bytes:
    """The answer as one JSON object: question, title, columns, rows (objects), is_cut."""
    return _json(
        {
            "question": manifest.question,
            "title": manifest.title,
            "is_cut": manifest.is_cut,
            "columns": manifest.columns,
            "rows": answer.to_pylist(),
        }
    )


def run_of(
    name: str, started_at: datetime, archive: str, arrival: Arrival, counts: RowCounts
) -> Run:
    """The run that reads this range of this archive."""
    rows = {field: getattr(counts, field) for field in ("rows", "reports", "copies", "rejected")}
    return Run(name, started_at, archive, arrival.start, arrival.end, rows)


def _json(content: Any) -> bytes:
    return msgspec.json.format(msgspec.json.encode(content, enc_hook=str), indent=2) + b"\n"


def _parquet(answer: pa.Table) -> bytes:
    file = BytesIO()
    pq.write_table(answer, file, compression="zstd")
    return file.getvalue()


def _write(results: Storage, path: str, content: bytes) -> None:
    address = f"{results.root}/{path}"
    # In object storage a folder is only the beginning of a name.
    if isinstance(results.filesystem, LocalFileSystem):
        results.filesystem.create_dir(address.rpartition("/")[0], recursive=True)
    with results.filesystem.open_output_stream(address) as stream:
        stream.write(content)
