"""Replicas follow consumer lag, by KEDA. Planned for a replica is what the fleet sends."""

import time
from collections.abc import Callable, Iterator

import pytest
from fleet import FLEET, REPORTS_PER_SECOND, adds_up

from cluster.commands import kubectl
from cluster.operators import KEDA
from cluster.presence import is_present, look
from cluster.release import Platform
from local.processes import Goal, await_until

PARTS = ("alerting", "archiving")
STEADY_SECONDS = 300
LAG = (
    "--set-json",
    ",".join(
        f"{part}.autoscaling.lag.enabled=true,"
        f"{part}.autoscaling.lag.reportsPerSecondPerReplica={REPORTS_PER_SECOND},"
        f"{part}.autoscaling.lag.slackSeconds={slack_seconds},"
        f"{part}.autoscaling.maxReplicas=3,"
        f"{part}.autoscaling.scaleDownSeconds=15"
        for part, slack_seconds in (("alerting", 2), ("archiving", 30))
    ),
)
BURST = ("--set-json", "simulator.rate=3000")

pytestmark = pytest.mark.timeout(1_500)


@pytest.fixture
def by_lag(platform: Platform, installed: Callable[..., None]) -> Iterator[Callable[..., None]]:
    """`by_lag("--set", ...)`: the shared platform, scaled by lag; afterwards as it was."""
    if not is_present(KEDA, look()):
        pytest.skip("NOT SCALED BY LAG: no KEDA; `make operators KEDA=1` brings it")
    yield lambda *arguments: installed(platform, *FLEET, *LAG, *arguments)
    installed(platform, *FLEET)


def wanted(platform: Platform) -> tuple[int, ...]:
    """Replicas that the autoscalers want, of alerting and of archiving."""
    path = "jsonpath={.spec.replicas}"
    names = [platform.named(part) for part in PARTS]
    return tuple(
        int(kubectl(platform.namespace, "get", "deployment", name, f"--output={path}"))
        for name in names
    )


def await_wanted(platform: Platform, is_it: Callable[[int], bool], goal: Goal) -> None:
    await_until(lambda: all(map(is_it, wanted(platform))), [], goal, look_seconds=2.0)


def watched(platform: Platform, seconds: float) -> set[tuple[int, ...]]:
    """All that the autoscalers wanted in this time."""
    end = time.monotonic() + seconds
    seen = {wanted(platform)}
    while time.monotonic() < end:
        # It is the time itself that is asked for.
        time.sleep(2)
        seen.add(wanted(platform))
    return seen


def test_replicas_follow_the_lag_up_and_down_and_stay_at_one_under_the_planned_load(
    platform: Platform, by_lag: Callable[..., None]
) -> None:
    by_lag(*BURST)
    await_wanted(platform, lambda n: n >= 3, Goal("lag should bring three replicas", 240))
    by_lag()
    await_wanted(platform, lambda n: n == 1, Goal("they should go with the lag", 420))
    assert watched(platform, STEADY_SECONDS) == {(1, 1)}
    adds_up(platform)
