"""`make scale-demo` as a person runs it: what it shows, and that all is as it was afterwards."""

import json
import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fleet import FLEET

from cluster.commands import kubectl
from cluster.release import Platform, replicas
from local.processes import Goal, await_until

REPOSITORY = Path(__file__).parents[1]
DEMO_SECONDS = 1_200
REST = Goal("one replica of alerting and of archiving should be left", 300)
# Replicas are planned for less than in kind's values: where `make deploy` has left a platform
# beside this one, two cores carry some 5,000 of the demo's 8,000 reports a second. And so few
# reports come before and after that one replica is enough, although each is fetched by itself.
SMALL_FLEET = ("--set=simulator.rate=5", "--set=alerting.resources.requests.cpu=80m")
# Time, reports a second, then replicas and CPU of alerting and of archiving.
ROW = re.compile(r"^ +\d+:\d\d +(?:-|[\d,]+) +(\d+)\S* +(?:-|\d+ %) +(\d+)\S* ", re.MULTILINE)

pytestmark = pytest.mark.timeout(DEMO_SECONDS)


@contextmanager
def scale_demo(platform: Platform, mode: str) -> Iterator["subprocess.Popen[str]"]:
    """It runs meanwhile; it leads a process group of its own, as in a terminal."""
    # ARGS of the make that runs the tests are not meant for this one.
    variables = (f"NAMESPACE={platform.namespace}", f"RELEASE={platform.release}", "ARGS=")
    command = ["make", "--no-print-directory", "scale-demo", f"MODE={mode}", *variables]
    output = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with subprocess.Popen(command, cwd=REPOSITORY, start_new_session=True, **output) as demo:
        try:
            yield demo
        finally:
            if demo.poll() is None:
                os.killpg(demo.pid, signal.SIGINT)


def told(demo: "subprocess.Popen[str]") -> str:
    """All that it says, when it has ended well."""
    output, _ = demo.communicate()
    assert demo.returncode == 0, output
    return output


def most_ready(output: str) -> tuple[int, int]:
    """The highest numbers of ready replicas that the lines tell: of alerting, of archiving."""
    counts = [(int(alerting), int(archiving)) for alerting, archiving in ROW.findall(output)]
    return max(a for a, _ in counts), max(b for _, b in counts)


def shape(platform: Platform) -> dict[str, Any]:
    """What the release is made of, but for replicas that autoscalers may move."""
    kinds = "deployments,horizontalpodautoscalers"
    selector = f"--selector={platform.selector}"
    found = json.loads(kubectl(platform.namespace, "get", kinds, selector, "--output=json"))
    return {
        f"{item['kind']}/{item['metadata']['name']}": item["spec"] | {"replicas": None}
        for item in found["items"]
    }


@pytest.fixture(scope="module", autouse=True)
def small_fleet(platform: Platform, installed: Callable[..., None]) -> Iterator[None]:
    installed(platform, *FLEET, *SMALL_FLEET)
    yield
    installed(platform, *FLEET)


@pytest.fixture(autouse=True)
def at_rest(platform: Platform, small_fleet: None) -> None:
    """What earlier tests brought is gone: the demo counts from the replicas that it finds."""
    parts = ("alerting", "archiving")
    await_until(lambda: all(replicas(platform, part) == 1 for part in parts), [], REST, 2.0)


@pytest.fixture
def unchanged(platform: Platform) -> Iterator[Callable[[], bool]]:
    """Whether the platform is made of what it was made of before the test; so it is at the end."""
    before = shape(platform)
    yield lambda: shape(platform) == before
    assert shape(platform) == before


def test_autoscalers_bring_replicas_with_the_load_and_take_them_away_and_nothing_is_lost(
    platform: Platform, unchanged: Callable[[], bool]
) -> None:
    with scale_demo(platform, "auto") as demo:
        output = told(demo)
    assert min(most_ready(output)) >= 3
    assert (replicas(platform, "alerting"), replicas(platform, "archiving")) == (1, 1)
    assert f"$ kubectl get hpa --namespace {platform.namespace}" in output
    assert "Passed: each of" in output
    picture = Path(re.search(r"Picture +(\S+)", output)[1])
    assert (REPOSITORY / picture).read_bytes().startswith(b"\x89PNG")


def test_kubectl_scale_shares_the_partitions_out_with_autoscaling_off_and_nothing_is_lost(
    platform: Platform, unchanged: Callable[[], bool]
) -> None:
    with scale_demo(platform, "manual") as demo:
        output = told(demo)
    for part in ("alerting", "archiving"):
        command = f"$ kubectl scale deployment/{platform.named(part)} --namespace"
        assert f"{command} {platform.namespace} --replicas=3" in output
        assert f"{command} {platform.namespace} --replicas=1" in output
        assert f"{part}: 3 pods read 4 + 4 + 4 partitions" in output
    assert "Passed: each of" in output


def test_ctrl_c_ends_the_demo_and_puts_the_platform_back(
    platform: Platform, unchanged: Callable[[], bool]
) -> None:
    with scale_demo(platform, "manual") as demo:
        rises = Goal("the demo should change the platform", 120)
        await_until(lambda: demo.poll() is not None or not unchanged(), [], rises, 1.0)
        os.killpg(demo.pid, signal.SIGINT)
        output, _ = demo.communicate()
    assert demo.returncode != 0
    assert "Autoscaling on again" in output
    assert "Traceback" not in output
    assert unchanged()
