"""What a storm meets: a fleet, Kafka, alerting, archiving, and MinIO behind a proxy."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from kafka import KafkaAdminClient

from local.kafka import KafkaServer, running_kafka
from local.minio import MinioServer, running_minio
from local.processes import Child, stop
from services.reports.topics import ALERTS, REPORTS, REPORTS_REJECTED, TOPICS, Topic
from services.stream.connection import client_settings
from services.stream.topics import create_topics
from tests.faults.conftest import FLUSH_OPTIONS, MEMBER_OPTIONS
from tests.faults.crew import Crew
from tests.faults.fleet import start_fleet
from tests.faults.limited_disk import LimitedDisk, limited_disk
from tests.faults.places import Bucket
from tests.faults.s3_faults import at_random
from tests.faults.s3_proxy import S3Proxy, running_proxy
from tests.faults.scene import ArchiveScene, GroupWatch, Scene
from tests.faults.storm_plan import StormSize

PARTITIONS = {REPORTS: 4, ALERTS: 4, REPORTS_REJECTED: 1}
BUCKET = "archive"
VERIFY_SECONDS = 300


@dataclass(frozen=True, slots=True)
class ProxiedBucket(Bucket):
    """The workers reach the bucket through the proxy; the test reads it directly."""

    proxy: S3Proxy

    @property
    def options(self) -> list[str]:
        return [self.proxy.endpoint if o == self.server.endpoint else o for o in self.direct]

    @property
    def direct(self) -> list[str]:
        """The options without the proxy."""
        return Bucket(self.server, self.name).options


@dataclass(frozen=True, slots=True)
class Servers:
    """Kafka and MinIO, each on a disk of its own, if this process may mount one."""

    kafka: KafkaServer
    kafka_disk: LimitedDisk | None
    store: MinioServer
    store_disk: LimitedDisk | None
    proxy: S3Proxy


@dataclass(frozen=True, slots=True)
class Platform:
    """The servers, and a group of workers of each component."""

    servers: Servers
    archiving: ArchiveScene
    alerting: Scene

    @property
    def scenes(self) -> dict[str, Scene]:
        return {"archiving": self.archiving, "alerting": self.alerting}

    def verify_exit_code(self) -> int:
        """Run `python -m services.archiving verify`, past the proxy."""
        place = self.archiving.place
        assert isinstance(place, ProxiedBucket)
        servers = ["--kafka-bootstrap-servers", self.servers.kafka.connection.bootstrap_servers]
        command = [sys.executable, "-m", "services.archiving", "verify", *place.direct, *servers]
        environ = dict(place.environ)
        done = subprocess.run(command, check=False, timeout=VERIFY_SECONDS, env=environ)
        return done.returncode


@contextmanager
def running_platform(folder: Path, size: StormSize, seed: int) -> Iterator[Platform]:
    """The servers with topics and bucket, a crew of each component without members."""
    with ExitStack() as stack:
        servers = _servers(stack, folder, size, seed)
        connection = servers.kafka.connection
        admin = stack.enter_context(KafkaAdminClient(**client_settings(connection)))
        place = ProxiedBucket(servers.store, BUCKET, servers.proxy)
        place.client.make_bucket(BUCKET)
        configs = {topic.name: topic.configs for topic in TOPICS}
        create_topics(connection, [Topic(n, c, configs[n]) for n, c in PARTITIONS.items()])
        options = {"archiving": [*FLUSH_OPTIONS, *place.options], "alerting": []}
        made = {
            name: _scene(stack, admin, servers, folder / name, given)
            for name, given in options.items()
        }
        archiving = made["archiving"]
        archiving.crew.environ.update(place.environ)
        parts = (archiving.kafka, archiving.topic, archiving.crew, archiving.group)
        scene = ArchiveScene(*parts, archiving.fleet, archiving.folder, place)
        yield Platform(servers, scene, made["alerting"])


def _servers(stack: ExitStack, folder: Path, size: StormSize, seed: int) -> Servers:
    kafka_disk, store_disk = (
        stack.enter_context(limited_disk(folder / name / "data", size.disk_mebibytes))
        for name in ("kafka", "minio")
    )
    kafka = stack.enter_context(running_kafka(folder / "kafka"))
    store = stack.enter_context(running_minio(folder / "minio"))
    choose = at_random(seed, size.share)
    proxy = stack.enter_context(running_proxy(store.endpoint, choose))
    return Servers(kafka, kafka_disk, store, store_disk, proxy)


def _scene(
    stack: ExitStack,
    admin: KafkaAdminClient,
    servers: Servers,
    folder: Path,
    options: Sequence[str],
) -> Scene:
    """A scene whose component and group have the folder's name."""
    connection, topic = servers.kafka.connection, Topic(REPORTS, PARTITIONS[REPORTS])
    common = ["--kafka-bootstrap-servers", connection.bootstrap_servers, *MEMBER_OPTIONS]
    crew = Crew(["-m", f"services.{folder.name}", *common, *options], {}, folder)
    stack.callback(crew.disband)
    group = GroupWatch(admin, folder.name, topic, crew)

    def fleet(rate: int, seed: int) -> Child:
        more = {"--rate": rate, "--seed": seed}
        child = start_fleet(connection, topic.name, folder, more)
        stack.callback(stop, child)
        return child

    return Scene(connection, topic, crew, group, fleet, folder)
