"""The scenes of the fault tests: archiving's and alerting's workers on a topic of their own."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from kafka import KafkaAdminClient

from local.processes import Child, stop
from services.reports.topics import Topic
from services.stream.connection import KafkaConnection, client_settings
from tests.faults.crew import Crew
from tests.faults.fleet import start_fleet
from tests.faults.places import Bucket, Folder, Place
from tests.faults.scene import ArchiveScene, GroupWatch, Scene

# Small objects and a short memory for the dead, so that little time sees much.
MEMBER_OPTIONS = ("--session-timeout-seconds", "2")
FLUSH_OPTIONS = ("--object-mebibytes", "1", "--object-age-seconds", "0.7")
PARTITIONS = 4


@pytest.fixture(params=["folder", "minio"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """An empty archive, of each kind."""
    if request.param == "folder":
        return Folder(tmp_path / "archive")
    return Bucket(request.getfixturevalue("minio"), request.getfixturevalue("bucket"))


@pytest.fixture
def scene(
    kafka: KafkaConnection, topic_names: dict[str, str], group_id: str, tmp_path: Path
) -> Iterator[Callable[[list[str]], Scene]]:
    """`scene(arguments)`: workers are `python <arguments>` with the options all of them have."""
    topic = Topic(topic_names["reports"], PARTITIONS)
    crews: list[Crew] = []
    simulators: list[Child] = []

    def fleet(rate: int, seed: int) -> Child:
        simulators.append(
            start_fleet(kafka, topic.name, tmp_path, {"--rate": rate, "--seed": seed})
        )
        return simulators[-1]

    with KafkaAdminClient(**client_settings(kafka)) as admin:

        def made(arguments: list[str]) -> Scene:
            common = ["--kafka-bootstrap-servers", kafka.bootstrap_servers, "--group", group_id]
            common += ["--reports-topic", topic.name, *MEMBER_OPTIONS]
            crew = Crew([*arguments, *common], {}, tmp_path)
            crews.append(crew)
            group = GroupWatch(admin, group_id, topic, crew)
            return Scene(kafka, topic, crew, group, fleet, tmp_path)

        yield made
    for simulator in simulators:
        stop(simulator)
    for crew in crews:
        crew.disband()


@pytest.fixture
def archive(scene: Callable[[list[str]], Scene], place: Place) -> ArchiveScene:
    """Archiving into `place`."""
    made = scene(["-m", "services.archiving", *FLUSH_OPTIONS, *place.options])
    made.crew.environ.update(place.environ)
    return ArchiveScene(
        made.kafka, made.topic, made.crew, made.group, made.fleet, made.folder, place
    )


@pytest.fixture
def alerting(scene: Callable[[list[str]], Scene], topic_names: dict[str, str]) -> Scene:
    """Alerting into the topics of `topic_names`."""
    topics = ["--alerts-topic", topic_names["alerts"]]
    topics += ["--rejected-topic", topic_names["reports-rejected"]]
    return scene(["-m", "services.alerting", *topics])
