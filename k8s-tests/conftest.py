"""A platform on the cluster that KUBECONFIG names, with the charts and images of this tree.

Most tests share one; each leaves it as it was: all parts ready, the fleet flying. What a test needs
to break for good it does in one of its own (`new_platform`).
"""

import uuid
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from fleet import FLEET
from kubernetes import client, config
from reporting import told

from cluster.commands import run
from cluster.release import Platform, install, remove_namespaces, uninstall
from cluster.witness import WITNESS
from tests.sampling import header, third

REPOSITORY = Path(__file__).parents[1]
NAMESPACES = pytest.StashKey[set[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--keep",
        metavar="NAMESPACE",
        help="the shared platform stands there, or is made there, and stays; images are not built:"
        " for a quick next run",
    )
    parser.addoption(
        "--sample",
        type=int,
        metavar="SEED",
        help="leave out every third file, which ones is the seed's choice; the header names them",
    )


@cache
def left_out(seed: int | None) -> list[Path]:
    """The test files that are left out: of three seeds in a row each file is in two."""
    return [] if seed is None else third(Path(__file__).parent.glob("test_*.py"), seed)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out what the sample leaves out."""
    return collection_path in left_out(config.getoption("--sample")) or None


def pytest_report_header(config: pytest.Config) -> str:
    """What is left out, for whoever reads a green run."""
    return header(left_out(config.getoption("--sample")))


@pytest.fixture(scope="session")
def images(request: pytest.FixtureRequest) -> None:
    """The images of this tree, built and known to the cluster's nodes."""
    if not request.config.getoption("--keep"):
        run("make", "-C", str(REPOSITORY), "images", "load", "charts")


@pytest.fixture(scope="session")
def api(images: None) -> client.ApiClient:
    """The cluster's API."""
    config.load_kube_config()
    return client.ApiClient()


@pytest.fixture(scope="session")
def installed(request: pytest.FixtureRequest, api: client.ApiClient) -> Callable[..., None]:
    """`installed(platform, "--set", "a=1")`: its charts, with the witness's Kafka user."""

    def put(platform: Platform, *arguments: str) -> None:
        request.config.stash[NAMESPACES].add(platform.namespace)
        install(platform, *WITNESS, *arguments)

    return put


@pytest.fixture(scope="session")
def new_platform(installed: Callable[..., None]) -> Iterator[Callable[..., Platform]]:
    """`new_platform("--set", "a=1")`: a release in a namespace of its own, gone at the end."""
    made: list[Platform] = []

    def make(*arguments: str) -> Platform:
        made.append(Platform(namespace=f"dronewatch-{uuid.uuid4().hex[:6]}", release="sky"))
        installed(made[-1], *arguments)
        return made[-1]

    yield make
    for platform in made:
        uninstall(platform)
        remove_namespaces(platform.namespace)


@pytest.fixture(scope="session")
def platform(
    request: pytest.FixtureRequest,
    installed: Callable[..., None],
    new_platform: Callable[..., Platform],
) -> Platform:
    """The platform that tests share; of a hundred reports one is none."""
    kept = request.config.getoption("--keep")
    if not kept:
        return new_platform(*FLEET)
    platform = Platform(namespace=kept, release="sky")
    installed(platform, *FLEET)
    return platform


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The first test's time counts the images' building and the installation, too."""
    for item in items:
        if not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(1_200))


def pytest_configure(config: pytest.Config) -> None:
    config.stash[NAMESPACES] = set()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """A failure comes with what happened in the platforms' namespaces."""
    report = yield
    if report.failed:
        report.sections += [
            (f"namespace {name}", told(name)) for name in sorted(item.config.stash[NAMESPACES])
        ]
    return report
