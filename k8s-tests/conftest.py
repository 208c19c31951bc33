"""A platform on the cluster that KUBECONFIG names, with the charts and images of this tree.

Most tests share one; each leaves it as it was: all parts ready, the fleet flying. What a test needs
to break for good it does in a platform of its own (`own_platform`).
"""

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from kubernetes import client, config
from reporting import told

from cluster.commands import run
from cluster.release import Platform, install, remove_namespace, uninstall
from cluster.witness import WITNESS

REPOSITORY = Path(__file__).parents[1]
FAILED = pytest.StashKey[bool]()


@pytest.fixture(scope="session")
def images() -> None:
    """The images of this tree, built and known to the cluster's nodes."""
    run("make", "-C", str(REPOSITORY), "images", "load", "charts")


@pytest.fixture(scope="session")
def api(images: None) -> client.ApiClient:
    """The cluster's API."""
    config.load_kube_config()
    return client.ApiClient()


@pytest.fixture(scope="session")
def new_platform(api: client.ApiClient) -> Iterator[Callable[..., Platform]]:
    """`new_platform("--set", "a=1")`: a release in a namespace of its own, gone at the end."""
    made: list[Platform] = []

    def make(*arguments: str) -> Platform:
        platform = Platform(namespace=f"dronewatch-{uuid.uuid4().hex[:6]}", release="sky")
        made.append(platform)
        install(platform, *WITNESS, *arguments)
        return platform

    yield make
    for platform in made:
        uninstall(platform)
        remove_namespace(platform.namespace)


@pytest.fixture(scope="session")
def platform(new_platform: Callable[..., Platform]) -> Platform:
    """The platform that tests share."""
    return new_platform()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """A failure comes with what happened in the platform's namespaces."""
    report = yield
    if report.failed:
        used = [value for value in item.funcargs.values() if isinstance(value, Platform)]
        report.sections += [(f"namespace {p.namespace}", told(p.namespace)) for p in used]
    return report
