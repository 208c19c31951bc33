"""alerting and archiving while an upgrade or a rollback replaces their pods."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from time import sleep

from fleet import sent

from cluster.commands import kubectl
from cluster.release import Platform, replicas
from local.processes import Goal, await_until

PARTS = ("alerting", "archiving")
REPORTS = 1_000


def while_reports_flow(platform: Platform, change: Callable[[], None]) -> None:
    """Make the change; meanwhile reports come, and no part has fewer ready pods than before."""
    fewest = before = ready(platform)
    with sent(platform) as count, ThreadPoolExecutor(1) as pool:
        reports, changing = count(), pool.submit(change)
        while not changing.done():
            now = ready(platform)
            fewest = {part: min(fewest[part], now[part]) for part in PARTS}
            sleep(0.5)
        changing.result()
        assert count() > reports + REPORTS
    assert fewest == before


def ready(platform: Platform) -> dict[str, int]:
    """Number of ready pods of each part."""
    return {part: replicas(platform, part) for part in PARTS}


def images(platform: Platform) -> dict[str, set[str]]:
    """Of each part's pods, also of those that are on their way out."""
    return {part: _images(platform, part) for part in PARTS}


def _images(platform: Platform, part: str) -> set[str]:
    of_part = f"{platform.selector},app.kubernetes.io/component={part}"
    path = "--output=jsonpath={.items[*].spec.containers[*].image}"
    return {*kubectl(platform.namespace, "get", "pods", "--selector", of_part, path).split()}


def await_images(platform: Platform, wanted: Mapping[str, set[str]]) -> None:
    """Wait until the last pod of another image has gone."""
    goal = Goal(f"{wanted} should run", 90)
    await_until(lambda: images(platform) == wanted, [], goal, look_seconds=1.0)
