"""The users that provisioning makes, on a real MinIO: each can do what it must, and no more."""

import json
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import pytest
from click.testing import CliRunner
from minio import Minio
from minio.error import S3Error

from local.minio import MinioServer
from services.archiving.minio_store import MinioStore
from services.archiving.s3_client import S3Location
from services.archiving.store import is_create_only
from services.provisioning.__main__ import main
from services.provisioning.policies import Access, Layout, Lifecycle
from services.provisioning.store import Administration, Keys, administration, provision

USERS = {
    "archiving": Access(
        read=("reports/", "decisions/"), write=("reports/", "decisions/", "probes/")
    ),
    "analysis": Access(read=("reports/", "results/"), write=("results/",)),
}

ClientOf = Callable[[str], Minio]


@pytest.fixture
def layout() -> Layout:
    bucket = f"bucket-{uuid4().hex[:12]}"
    return Layout(bucket, USERS, Lifecycle({"probes/": 1}, replaced_days=7))


@pytest.fixture
def keys() -> dict[str, Keys]:
    return {name: Keys(f"{name}-{uuid4().hex[:8]}", uuid4().hex) for name in USERS}


@pytest.fixture
def server(minio: MinioServer) -> Administration:
    return administration(minio.endpoint, Keys(minio.access_key, minio.secret_key), "us-east-1")


@pytest.fixture
def client_of(
    minio: MinioServer, server: Administration, layout: Layout, keys: dict[str, Keys]
) -> ClientOf:
    provision(server, layout, keys)

    def client(user: str) -> Minio:
        address = minio.endpoint.removeprefix("http://")
        return Minio(address, keys[user].access_key, keys[user].secret_key, secure=False)

    return client


def put(client: Minio, bucket: str, name: str, content: bytes = b"x") -> str | None:
    return client.put_object(bucket, name, BytesIO(content), len(content)).version_id


def test_archiving_creates_reads_and_lists_its_objects_with_its_own_code(
    minio: MinioServer, client_of: ClientOf, layout: Layout, keys: dict[str, Keys]
) -> None:
    user = keys["archiving"]
    client_of("archiving")
    store = MinioStore(S3Location(minio.endpoint, layout.bucket, user.access_key, user.secret_key))
    assert is_create_only(store, "probes/one")
    assert store.put_new("reports/date=2026-03-02/hour=01/a.parquet", b"content")
    assert not store.put_new("reports/date=2026-03-02/hour=01/a.parquet", b"other")
    assert store.tail("reports/date=2026-03-02/hour=01/a.parquet", 3) == b"ent"
    assert store.tail("reports/date=2026-03-02/hour=01/missing.parquet", 3) is None
    assert store.folders("reports/") == ["reports/date=2026-03-02/"]
    assert list(store.names("reports/")) == ["reports/date=2026-03-02/hour=01/a.parquet"]


@pytest.mark.parametrize(
    ("user", "refused"),
    [
        ("archiving", lambda client, bucket: put(client, bucket, "results/x")),
        ("archiving", lambda client, bucket: client.get_object(bucket, "results/x")),
        ("archiving", lambda client, bucket: list(client.list_objects(bucket, "results/"))),
        ("archiving", lambda client, bucket: list(client.list_objects(bucket))),
        ("archiving", lambda client, bucket: client.remove_object(bucket, "reports/x")),
        ("analysis", lambda client, bucket: put(client, bucket, "reports/x")),
        ("analysis", lambda client, bucket: client.remove_object(bucket, "results/x")),
        ("analysis", lambda client, bucket: client.delete_bucket_lifecycle(bucket)),
        ("analysis", lambda client, _: client.make_bucket("mine")),
    ],
)
def test_a_user_is_refused_what_is_not_its_own(
    client_of: ClientOf, layout: Layout, user: str, refused: Callable[[Minio, str], object]
) -> None:
    with pytest.raises(S3Error) as refusal:
        refused(client_of(user), layout.bucket)
    assert refusal.value.code == "AccessDenied"


def test_what_a_plain_put_replaces_is_still_there_and_cannot_be_destroyed(
    client_of: ClientOf, layout: Layout, server: Administration
) -> None:
    worker = client_of("archiving")
    first = put(worker, layout.bucket, "reports/a", b"archived")
    put(worker, layout.bucket, "reports/a", b"replaced by accident")
    answer = server.objects.get_object(layout.bucket, "reports/a", version_id=first)
    assert answer.read() == b"archived"
    answer.release_conn()
    with pytest.raises(S3Error, match="Access Denied"):
        worker.remove_object(layout.bucket, "reports/a", version_id=first)


def test_analysis_reads_reports_and_writes_results(client_of: ClientOf, layout: Layout) -> None:
    put(client_of("archiving"), layout.bucket, "reports/date=2026-03-02/hour=01/a")
    analysis = client_of("analysis")
    assert [o.object_name for o in analysis.list_objects(layout.bucket, "reports/")] == [
        "reports/date=2026-03-02/"
    ]
    put(analysis, layout.bucket, "results/q/latest.json")
    put(analysis, layout.bucket, "results/q/latest.json")


def test_a_folder_that_is_no_object_is_missing_and_not_forbidden(
    client_of: ClientOf, layout: Layout
) -> None:
    with pytest.raises(S3Error) as missing:
        client_of("analysis").stat_object(layout.bucket, "reports")
    assert missing.value.code == "NoSuchKey"


def test_a_wrong_password_is_refused(
    minio: MinioServer, client_of: ClientOf, layout: Layout, keys: dict[str, Keys]
) -> None:
    client_of("archiving")
    address = minio.endpoint.removeprefix("http://")
    stranger = Minio(address, keys["archiving"].access_key, "wrong-password", secure=False)
    with pytest.raises(S3Error):
        list(stranger.list_objects(layout.bucket, "reports/"))


def test_a_second_run_changes_passwords_and_lifecycle_and_keeps_objects(
    client_of: ClientOf, layout: Layout, server: Administration, keys: dict[str, Keys]
) -> None:
    put(client_of("archiving"), layout.bucket, "reports/a")
    keys["archiving"] = Keys(keys["archiving"].access_key, uuid4().hex)
    provision(server, layout, keys)
    assert client_of("archiving").stat_object(layout.bucket, "reports/a").size == 1
    found = server.objects.get_bucket_lifecycle(layout.bucket)
    assert found is not None
    assert {rule.rule_id for rule in found.rules} == {"expire-probes", "expire-replaced-versions"}


@pytest.fixture
def mounted(tmp_path: Path, minio: MinioServer) -> list[str]:
    """The command's arguments, with files as the chart mounts them."""
    bucket = f"bucket-{uuid4().hex[:12]}"
    layout = {"bucket": bucket, "users": {"archiving": {"write": ["reports/"]}}}
    (tmp_path / "layout.json").write_text(json.dumps(layout))
    files = {
        "root/rootUser": minio.access_key,
        "root/rootPassword": minio.secret_key,
        "archiving/accessKey": f"archiving-{uuid4().hex[:8]}",
        "archiving/secretKey": uuid4().hex,
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    layout_file = str(tmp_path / "layout.json")
    files_given = ["--layout", layout_file, "--credentials", str(tmp_path)]
    return ["store", "--endpoint", minio.endpoint, *files_given]


def test_the_command_prepares_the_store_from_mounted_files(mounted: list[str]) -> None:
    ran = CliRunner().invoke(main, mounted)
    assert ran.exit_code == 0, ran.output


def test_the_wrong_root_password_is_said_at_once(mounted: list[str], tmp_path: Path) -> None:
    (tmp_path / "root" / "rootPassword").write_text("wrong-password")
    ran = CliRunner().invoke(main, mounted)
    assert ran.exit_code == 1
    assert "the store was not prepared" in ran.output


def test_a_store_that_does_not_answer_is_waited_for_then_named(mounted: list[str]) -> None:
    mounted[2] = "http://127.0.0.1:9"
    ran = CliRunner().invoke(main, [*mounted, "--wait-seconds", "0"])
    assert ran.exit_code == 1
    assert "127.0.0.1" in ran.output


def test_an_unknown_word_in_the_layout_is_named(mounted: list[str], tmp_path: Path) -> None:
    (tmp_path / "layout.json").write_text('{"bucket": "b", "buckets": []}')
    ran = CliRunner().invoke(main, mounted)
    assert ran.exit_code == 2
    assert "buckets" in ran.output
