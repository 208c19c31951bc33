"""Objects copied to a volume, from a real MinIO: whole, once, and continued after a kill."""

from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from time import sleep
from uuid import uuid4

import pytest
from click.testing import CliRunner, Result
from minio import Minio

from local.minio import MinioServer
from services.provisioning.__main__ import SECRET_KEY_VARIABLE, main
from services.provisioning.fetching import fetch
from services.provisioning.policies import Access, Layout
from services.provisioning.store import Keys, administration, provision, reader

CONTENT = bytes(range(256)) * 12_000


@pytest.fixture
def client(minio: MinioServer) -> Minio:
    return reader(minio.endpoint, Keys(minio.access_key, minio.secret_key), "us-east-1")


@pytest.fixture
def bucket(client: Minio) -> str:
    name = f"bucket-{uuid4().hex[:12]}"
    client.make_bucket(name)
    return name


def put(client: Minio, bucket: str, key: str, content: bytes) -> str | None:
    return client.put_object(bucket, key, BytesIO(content), len(content)).etag


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("content", [b"", b"x", CONTENT], ids=len)
def test_a_copy_is_the_object_and_nothing_lies_beside_it(
    client: Minio, bucket: str, tmp_path: Path, content: bytes
) -> None:
    put(client, bucket, "history/a.csv", content)
    assert fetch(client, bucket, "history/a.csv", tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_bytes() == content
    assert names(tmp_path) == ["a.csv"]


def test_a_copy_that_stands_there_stays_even_if_the_object_has_changed(
    client: Minio, bucket: str, tmp_path: Path
) -> None:
    (tmp_path / "a.csv").write_bytes(b"half of it is loaded")
    put(client, bucket, "history/a.csv", b"changed")
    assert not fetch(client, bucket, "history/a.csv", tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_bytes() == b"half of it is loaded"


@pytest.mark.parametrize("kept_bytes", [1, 1_000_000, len(CONTENT)])
def test_after_a_kill_it_goes_on_where_the_part_ends(
    client: Minio, bucket: str, tmp_path: Path, kept_bytes: int
) -> None:
    etag = put(client, bucket, "history/a.csv", CONTENT)
    # Marked, to be seen again.
    kept = b"#" + CONTENT[1:kept_bytes]
    (tmp_path / f"a.csv.{etag}.part").write_bytes(kept)
    assert fetch(client, bucket, "history/a.csv", tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_bytes() == b"#" + CONTENT[1:]


def test_a_part_of_another_content_is_not_continued(
    client: Minio, bucket: str, tmp_path: Path
) -> None:
    etag = put(client, bucket, "history/a.csv", CONTENT)
    (tmp_path / f"a.csv.{etag}.part").write_bytes(CONTENT[:1_000])
    put(client, bucket, "history/a.csv", b"changed")
    fetch(client, bucket, "history/a.csv", tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_bytes() == b"changed"


def ran(endpoint: str, user: tuple[str, str], *arguments: str) -> Result:
    address = ["--s3-endpoint", endpoint, "--s3-access-key", user[0]]
    variables = {SECRET_KEY_VARIABLE: user[1]}
    return CliRunner().invoke(main, ["fetch", *address, *arguments], env=variables)


def test_the_command_copies_several_objects_under_their_last_names(
    minio: MinioServer, client: Minio, bucket: str, tmp_path: Path
) -> None:
    keys = ("history/2013/a.csv", "history/b.csv.gz")
    for key in keys:
        put(client, bucket, key, key.encode())
    place = ("--bucket", bucket, "--folder", str(tmp_path))
    for _ in ("first", "again"):
        result = ran(minio.endpoint, (minio.access_key, minio.secret_key), *place, *keys)
        assert result.exit_code == 0, result.output
    assert (tmp_path / "a.csv").read_text() == keys[0]
    assert names(tmp_path) == ["a.csv", "b.csv.gz"]


def test_an_object_that_is_not_there_is_named_at_once(
    minio: MinioServer, bucket: str, tmp_path: Path
) -> None:
    place = ("--bucket", bucket, "--folder", str(tmp_path))
    result = ran(minio.endpoint, (minio.access_key, minio.secret_key), *place, "history/no.csv")
    assert result.exit_code == 1
    assert "history/no.csv was not copied" in result.output
    assert names(tmp_path) == []


def test_a_user_that_the_store_learns_of_later_is_waited_for(
    minio: MinioServer, client: Minio, bucket: str, tmp_path: Path
) -> None:
    put(client, bucket, "history/a.csv", b"content")
    user = Keys(f"loading-{uuid4().hex[:8]}", uuid4().hex)
    server = administration(minio.endpoint, Keys(minio.access_key, minio.secret_key), "us-east-1")
    layout = Layout(bucket, {"loading": Access(read=("history/",))})
    place = ("--bucket", bucket, "--folder", str(tmp_path))
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: (sleep(1), provision(server, layout, {"loading": user})))
        result = ran(minio.endpoint, (user.access_key, user.secret_key), *place, "history/a.csv")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "a.csv").read_bytes() == b"content"


def test_a_user_that_the_store_never_learns_of_is_named(
    minio: MinioServer, bucket: str, tmp_path: Path
) -> None:
    place = ("--bucket", bucket, "--folder", str(tmp_path), "--wait-seconds", "0")
    result = ran(minio.endpoint, ("stranger", "no-password"), *place, "history/a.csv")
    assert result.exit_code == 1
    assert "history/a.csv was not copied" in result.output


def test_a_full_volume_is_named(
    minio: MinioServer, client: Minio, bucket: str, tmp_path: Path
) -> None:
    put(client, bucket, "history/full", CONTENT)
    etag = client.stat_object(bucket, "history/full").etag
    (tmp_path / f"full.{etag}.part").symlink_to("/dev/full")
    place = ("--bucket", bucket, "--folder", str(tmp_path))
    result = ran(minio.endpoint, (minio.access_key, minio.secret_key), *place, "history/full")
    assert result.exit_code == 1
    assert "No space left on device" in result.output
