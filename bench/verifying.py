"""Bench: dronewatch-verify on an archive in MinIO, against minio-py, which asks twice an object."""

import io
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pyarrow.parquet as pq
from minio import Minio

from bench.meter import metered
from bench.tables import Row, Table, ratio
from local.minio import MinioServer, running_minio
from services.archiving.empty_object import empty_object
from services.archiving.footer import Footer
from services.archiving.minio_store import MinioStore
from services.archiving.naming import ObjectStart, object_name
from services.archiving.s3_client import S3Location
from services.archiving.store_options import SECRET_KEY_VARIABLE

BUCKET = "archive"
PARTITIONS = 12
OBJECT_POSITIONS = 1_000
OBJECTS_AN_HOUR = 12
FIRST_HOUR = 492_000
# Larger than what is read of an object's end.
DATA = os.urandom(70_000)
FOOTER_BYTES = 64 * 1024
THREADS = 8
PEER_OBJECTS = 5_000
TARGET_SECONDS = 120
MEBIBYTE = 1024 * 1024


def verifying_table(folder: Path, objects: int) -> Table:
    """Fill an archive of 12 partitions, then verify it."""
    with running_minio(folder) as server:
        names = _filled(server, objects)
        ours, wrong = _verified(server, objects)
        peer_rate = _footers_by_minio(server, names[:PEER_OBJECTS])
    rate = float(ours["objects/s"] or 0)
    return Table(
        f"verify: {objects:,} objects of an archive in MinIO, on the same machine",
        (
            f"The target is {TARGET_SECONDS} s for 100,000 objects. Objects of"
            f" {len(DATA) // 1000} kB: only their ends are read.",
            f"The peer reads {PEER_OBJECTS:,} footers by minio-py: stat_object, then get_object;"
            f" {THREADS} threads, as ours. It lists no names.",
        ),
        (
            ours,
            {"what": "minio-py", "objects/s": peer_rate, "ratio": ratio(rate, peer_rate)},
        ),
        wrong,
    )


def _filled(server: MinioServer, objects: int) -> list[str]:
    _client(server).make_bucket(BUCKET)
    store = MinioStore(S3Location(server.endpoint, BUCKET, server.access_key, server.secret_key))
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(partial(_put, store), range(objects)))


def _put(store: MinioStore, number: int) -> str:
    partition, position = number % PARTITIONS, number // PARTITIONS * OBJECT_POSITIONS
    hour = FIRST_HOUR + number // PARTITIONS // OBJECTS_AN_HOUR
    start = ObjectStart("0" * 8, partition, position, hour)
    footer = Footer(start.topic_id, partition, position, position + OBJECT_POSITIONS)
    store.put_new(object_name(start), DATA + empty_object(footer))
    return object_name(start)


def _verified(server: MinioServer, objects: int) -> tuple[Row, tuple[str, ...]]:
    where = ["--s3-endpoint", server.endpoint, "--s3-bucket", BUCKET]
    command = [sys.executable, "-m", "services.archiving", "verify", *where]
    started = time.monotonic()
    process = subprocess.Popen(
        [*command, "--s3-access-key", server.access_key],
        env={**os.environ, SECRET_KEY_VARIABLE: server.secret_key},
        stdout=subprocess.PIPE,
        text=True,
    )
    with metered(process.pid) as meter:
        said, _ = process.communicate()
    seconds = time.monotonic() - started
    row: Row = {
        "what": "dronewatch-verify",
        "seconds": seconds,
        "objects/s": objects / seconds,
        "CPU s": meter.cost.cpu_seconds,
        "peak MiB": meter.cost.peak_rss_bytes / MEBIBYTE,
    }
    return row, () if process.returncode == 0 else (f"verify: {said.strip()}",)


def _footers_by_minio(server: MinioServer, names: list[str]) -> float:
    started = time.monotonic()
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(partial(_footer_by_minio, _client(server)), names))
    return len(names) / (time.monotonic() - started)


def _footer_by_minio(client: Minio, name: str) -> None:
    size = client.stat_object(BUCKET, name).size or 0
    offset = max(0, size - FOOTER_BYTES)
    answer = client.get_object(BUCKET, name, offset=offset, length=size - offset)
    try:
        pq.read_metadata(io.BytesIO(answer.read()))
    finally:
        answer.release_conn()


def _client(server: MinioServer) -> Minio:
    host = server.endpoint.removeprefix("http://")
    return Minio(
        endpoint=host, access_key=server.access_key, secret_key=server.secret_key, secure=False
    )
