"""Real servers for the tests, started once a session, and names that no other test uses."""

import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import hypothesis
import pytest
import structlog
from minio import Minio

from local.kafka import running_kafka
from local.minio import MinioServer, NoMinioError, minio_executable, running_minio
from services.reports.topics import ALERTS, REPORTS, REPORTS_REJECTED, TOPICS, Topic
from services.stream.connection import KafkaConnection
from services.stream.topics import create_topics
from tests.sampling import header, third

# How long an example takes says nothing on a busy machine.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

SHAPES = {topic.name: topic for topic in TOPICS}
FreshTopic = Callable[..., str]


def pytest_addoption(parser: pytest.Parser) -> None:
    """What can be chosen of the long fault runs."""
    parser.addoption(
        "--sample",
        type=int,
        metavar="SEED",
        help="of the files with fault runs every third one only; the header names the others",
    )


@cache
def left_out(seed: int | None) -> list[Path]:
    """The files of fault runs that are left out: of three seeds in a row each file is in one."""
    if seed is None:
        return []
    paths = Path(__file__).parent.rglob("test_*.py")
    long = {path for path in paths if "mark.faults" in path.read_text()}
    return sorted(long - {*third(long, seed)})


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out what the sample leaves out."""
    return collection_path in left_out(config.getoption("--sample")) or None


def pytest_report_header(config: pytest.Config) -> str:
    """What is left out, for whoever reads a green run."""
    return header(left_out(config.getoption("--sample")))


@pytest.fixture(autouse=True)
def own_log_settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """How a command that runs in the test's process logs ends with the test.

    A logger that is cached would keep it.
    """
    before, configure = structlog.get_config(), structlog.configure

    def configured(**given: Any) -> None:
        configure(**given | {"cache_logger_on_first_use": False})

    monkeypatch.setattr(structlog, "configure", configured)
    yield
    configure(**before)


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaConnection]:
    """A broker for the whole session; a test that kills one starts its own."""
    with running_kafka(tmp_path_factory.mktemp("kafka")) as server:
        yield server.connection


@pytest.fixture
def fresh_topic(kafka: KafkaConnection) -> FreshTopic:
    """`fresh_topic("reports", partitions=3)`: the name of a new topic of that topic's kind.

    Its configuration (LogAppendTime, retention) is that of the real one; its partitions too,
    unless given.
    """

    def create(kind: str = REPORTS, partitions: int | None = None) -> str:
        shape = SHAPES[kind]
        name = f"{kind}-{uuid4().hex[:12]}"
        create_topics(kafka, [Topic(name, partitions or shape.partitions, shape.configs)])
        return name

    return create


@pytest.fixture
def topic_names(fresh_topic: FreshTopic) -> dict[str, str]:
    """Three new topics with 4, 4 and 1 partitions, by kind: reports, alerts, reports-rejected."""
    partitions = {REPORTS: 4, ALERTS: 4, REPORTS_REJECTED: 1}
    return {kind: fresh_topic(kind, count) for kind, count in partitions.items()}


@pytest.fixture
def group_id() -> str:
    """A consumer group that no other test uses."""
    return f"group-{uuid4().hex[:12]}"


@pytest.fixture(scope="session")
def minio_or_skip() -> None:
    """Skips, loudly, where there can be no MinIO; where CI=true that is a failure."""
    try:
        minio_executable()
    except NoMinioError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"NOT TESTED WITH MINIO: {error}")


@pytest.fixture(scope="session")
def minio(minio_or_skip: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MinioServer]:
    """A MinIO server for the whole session; a test that takes it away uses `own_minio`."""
    with running_minio(tmp_path_factory.mktemp("minio")) as server:
        yield server


@pytest.fixture
def own_minio(minio_or_skip: None, tmp_path: Path) -> Iterator[MinioServer]:
    """A MinIO server of the test's own, to stop, kill and restart."""
    with running_minio(tmp_path / "minio") as server:
        yield server


@pytest.fixture
def bucket(minio: MinioServer) -> str:
    """A new, empty bucket on `minio`."""
    return new_bucket(minio)


def new_bucket(server: MinioServer) -> str:
    """The name of a bucket just made on that server."""
    name = f"bucket-{uuid4().hex[:12]}"
    client = Minio(
        server.endpoint.removeprefix("http://"), server.access_key, server.secret_key, secure=False
    )
    client.make_bucket(name)
    return name
