"""The answers that stand in a platform's store, as a reader outside finds them."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from minio import Minio

from cluster.access import store_access
from cluster.archive import BUCKET
from cluster.release import Platform


@dataclass(frozen=True, slots=True)
class Answer:
    """The newest to a question: what the manifest tells of its run, and its files."""

    run: dict[str, Any]
    rows: list[dict[str, Any]]
    table: pa.Table
    charts: tuple[bytes, bytes]


def has_answer(platform: Platform, question: str) -> bool:
    """Whether it has ever been answered."""
    with store_access(platform, "analysis") as store:
        return any(True for _ in store.list_objects(BUCKET, f"results/{question}/latest.json"))


def newest_answers(platform: Platform, questions: Iterable[str]) -> dict[str, Answer]:
    """By question; fails if one has never been answered."""
    with store_access(platform, "analysis") as store:
        return {question: _newest(store, question) for question in questions}


def _newest(store: Minio, question: str) -> Answer:
    run = json.loads(_content(store, f"results/{question}/latest.json"))["run"]
    folder = f"results/{question}/{run['name']}"
    return Answer(
        run,
        json.loads(_content(store, f"{folder}/answer.json"))["rows"],
        pq.read_table(BytesIO(_content(store, f"{folder}/answer.parquet"))),
        (_content(store, f"{folder}/chart.svg"), _content(store, f"{folder}/chart.png")),
    )


def _content(store: Minio, name: str) -> bytes:
    answer = store.get_object(BUCKET, name)
    try:
        return bytes(answer.read())
    finally:
        answer.close()
        answer.release_conn()
