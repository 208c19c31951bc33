"""dronewatch-verify on real objects, in a folder and in MinIO."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from click.testing import CliRunner, Result
from kafka import KafkaAdminClient, TopicPartition
from kafka.structs import OffsetAndMetadata

from local.minio import MinioServer
from services.archiving import verify
from services.archiving.empty_object import empty_object
from services.archiving.folder_store import FolderStore
from services.archiving.minio_store import MinioStore
from services.archiving.s3_client import S3Location
from services.archiving.store import Store, StoreUnavailableError
from services.archiving.store_options import SECRET_KEY_VARIABLE
from services.archiving.timeline import timeline_footer, timeline_name
from services.archiving.verification import scan
from services.stream.connection import KafkaConnection, client_settings
from services.stream.identity import asked_topic_id
from tests.archiving.chains import HOUR, TOPIC_ID, put_decision, put_fences, put_records
from tests.archiving.scripted import ScriptedStore

Verify = Callable[..., Result]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "archive"


@pytest.fixture(params=["folder", "minio"])
def store(request: pytest.FixtureRequest, root: Path) -> Store:
    if request.param == "folder":
        return FolderStore(root)
    server, bucket = request.getfixturevalue("minio"), request.getfixturevalue("bucket")
    return MinioStore(S3Location(server.endpoint, bucket, server.access_key, server.secret_key))


@pytest.fixture
def run(store: Store) -> Verify:
    """Runs the command on the store."""

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(verify.main, [*options(store), *arguments], env=secret(store))

    return run


def options(store: Store) -> list[str]:
    if isinstance(store, FolderStore):
        return ["--store-folder", str(store.root)]
    at = store.location
    return [
        "--s3-endpoint",
        at.endpoint,
        "--s3-bucket",
        at.bucket,
        "--s3-access-key",
        at.access_key,
    ]


def secret(store: Store) -> dict[str, str]:
    return {SECRET_KEY_VARIABLE: store.location.secret_key} if isinstance(store, MinioStore) else {}


def moved_away(store: Store, name: str) -> None:
    """Delete the object, as whoever moves it elsewhere does."""
    if isinstance(store, FolderStore):
        (store.root / name).unlink()
        return
    path = f"/{store.location.bucket}/{quote(name)}"
    assert store.clients[0].request("DELETE", path, {}).status == 204


def test_a_whole_archive_passes(store: Store, run: Verify) -> None:
    put_records(store, 0, 5)
    put_records(store, 5, 9, HOUR + 1)
    put_records(store, 0, 3, partition=2)
    result = run()
    assert result.stdout == "3 objects in 2 chains: whole\n"
    assert result.exit_code == 0


def test_an_object_moved_away_is_found(store: Store, run: Verify) -> None:
    put_records(store, 0, 5)
    name = put_records(store, 5, 9, HOUR + 1)
    put_records(store, 9, 12, HOUR + 1)
    moved_away(store, name)
    result = run()
    assert f"{TOPIC_ID}-00001: gap: no object covers positions 5 to 8\n" in result.stdout
    assert "BROKEN: 1 of the chains" in result.stdout
    assert result.exit_code == verify.BROKEN


def test_fences_lead_over_what_retention_took_and_say_so(store: Store, run: Verify) -> None:
    put_records(store, 0, 5)
    put_decision(store, 5, 700)
    put_fences(store, 5, 700, range(HOUR, HOUR + 4))
    put_records(store, 700, 710, HOUR + 3)
    result = run()
    assert "skipped by a fence: positions 5 to 699 (retention)" in result.stdout
    assert "6 objects in 1 chains: whole; fences skip 695 positions" in result.stdout
    assert result.exit_code == 0


def test_doubled_positions_are_found(store: Store, run: Verify) -> None:
    put_records(store, 0, 1000)
    put_records(store, 500, 1200, HOUR + 1)
    result = run()
    assert "overlap: more than one object covers positions 500 to 999" in result.stdout
    assert result.exit_code == verify.BROKEN


def test_garbage_and_strange_names_are_named(store: Store, run: Verify) -> None:
    put_records(store, 0, 5)
    garbage = put_records(store, 5, 9).replace("0005.", "0009.")
    store.put_new(garbage, b"no Parquet")
    store.put_new("reports/copy.parquet", b"x")
    store.put_new(garbage.replace("0009.", "0010."), content_of(store, 5))
    lines = run().stdout.splitlines()
    assert f"{garbage}: it does not end as Parquet does" in lines
    assert "reports/copy.parquet: no object of the archive has such a name" in lines
    assert any(
        "its footer says topic id 0a1b2c3d, partition 1, position 5" in line for line in lines
    )
    assert lines[-1].endswith("3 objects belong to none")


def content_of(store: Store, position: int) -> bytes:
    (name,) = [n for n in store.names("reports/") if n.endswith(f"{position:020}.parquet")]
    return store.tail(name, 1_000_000) or b""


def test_the_object_that_begins_a_timeline_belongs_to_no_chain(store: Store, run: Verify) -> None:
    put_records(store, 0, 5)
    footer = timeline_footer(TOPIC_ID, 1, 3)
    store.put_new(timeline_name(TOPIC_ID, 1, 1), empty_object(footer))
    assert run().exit_code == 0


def test_json_has_all_findings(store: Store, run: Verify, tmp_path: Path) -> None:
    put_records(store, 0, 5)
    put_records(store, 9, 12)
    found = json.loads(run("--json", "-").stdout)
    assert found["is_whole"] is False
    assert found["chains"][0]["gaps"] == [[5, 9]]
    assert found["chains"][0]["is_whole"] is False
    file = tmp_path / "findings.json"
    assert "BROKEN" in run("--json", str(file)).stdout
    assert json.loads(file.read_text()) == found


def test_an_object_that_comes_while_names_are_listed_is_no_gap() -> None:
    class Growing(ScriptedStore):
        """Its first listing does not have the second object yet."""

        listings = 0

        def names(self, folder: str) -> Iterator[str]:
            self.listings += folder == "reports/"
            names = sorted(super().names(folder))
            return iter(names[:1] + names[2:] if self.listings == 1 else names)

    store = Growing()
    for begin, end in ((0, 5), (5, 9), (9, 12)):
        put_records(store, begin, end)
    report = scan.scanned(store, [].append)
    assert report.is_whole
    assert (report.chains[0].objects, report.chains[0].end) == (3, 12)


def test_a_store_that_answers_again_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "RETRY_SECONDS", 0.0)
    store = ScriptedStore()
    put_records(store, 0, 5)
    store.tails = [StoreUnavailableError("away")] * (scan.ATTEMPTS - 1)
    assert scan.scanned(store, [].append).is_whole
    store.tails = [StoreUnavailableError("away")] * scan.ATTEMPTS
    with pytest.raises(StoreUnavailableError):
        scan.scanned(store, [].append)


def test_a_store_that_is_away_verifies_nothing(
    own_minio: MinioServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan, "RETRY_SECONDS", 0.0)
    store = MinioStore(S3Location(own_minio.endpoint, "any", own_minio.access_key, "secret"))
    own_minio.stop()
    result = CliRunner().invoke(verify.main, options(store), env=secret(store))
    assert result.exit_code == verify.NotVerifiedError.exit_code
    assert own_minio.endpoint in result.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "say where the archive is"),
        (["--store-folder", "/no/such/folder"], "there is no folder /no/such/folder"),
        (["--s3-endpoint", "minio:9000", "--s3-access-key", "a"], "must be http(s)://"),
    ],
)
def test_wrong_usage_is_a_clear_error(arguments: list[str], said: str) -> None:
    result = CliRunner().invoke(verify.main, arguments, env={SECRET_KEY_VARIABLE: "secret"})
    assert result.exit_code == 2
    assert said in result.stderr


def test_the_chains_ends_are_compared_with_the_commits(
    kafka: KafkaConnection,
    fresh_topic: Callable[..., str],
    group_id: str,
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    topic = fresh_topic(partitions=2)
    store = FolderStore(root)
    monkeypatch.setattr("tests.archiving.chains.TOPIC_ID", asked_topic_id(kafka, topic)[:8])
    put_records(store, 0, 5)
    asked = ["--kafka-bootstrap-servers", kafka.bootstrap_servers, "--group", group_id]
    command = [*options(store), *asked, "--reports-topic", topic]
    result = CliRunner().invoke(verify.main, command)
    assert "the chain ends at 5, but Kafka's log ends at 0: the log was cut" in result.output
    with KafkaAdminClient(**client_settings(kafka)) as admin:
        commits = {TopicPartition(topic, n): OffsetAndMetadata(7, "", -1) for n in (0, 1)}
        admin.alter_group_offsets(group_id, commits)
    result = CliRunner().invoke(verify.main, command)
    assert "the group has committed 7, but the chain ends at 5" in result.stdout
    assert "the group has committed 7, but the chain has no objects" in result.stdout
    assert result.exit_code == verify.BROKEN


def test_a_topic_that_does_not_exist_verifies_nothing(kafka: KafkaConnection, root: Path) -> None:
    root.mkdir()
    asked = ["--kafka-bootstrap-servers", kafka.bootstrap_servers, "--reports-topic", "nowhere"]
    result = CliRunner().invoke(verify.main, ["--store-folder", str(root), *asked])
    assert result.exit_code == verify.NotVerifiedError.exit_code
    assert "the topic does not exist" in result.stderr
