"""Pods die while reports flow. The simulator is spared: it is the witness."""

import time
from collections.abc import Sequence
from random import Random

from fleet import REPORTS_PER_SECOND, sent_more_than
from kubernetes import client

from cluster.access import broker_hosts
from cluster.commands import kubectl
from cluster.release import Platform
from cluster.witness import evidence, start_fleet
from local.figures import percentile
from local.processes import Goal, await_until

KILLS = 8
REPORTS_BETWEEN = 10 * REPORTS_PER_SECOND
RECOVERY_SECONDS = 60
WATCHED_SECONDS = 30
LATENCY_MS = 1_000
READY = "--for=condition=Ready"
# All that may die, by label.
PARTS = {
    "alerting": "app.kubernetes.io/component=alerting",
    "archiving": "app.kubernetes.io/component=archiving",
    "store": "app.kubernetes.io/component=minio",
    "kafka": "strimzi.io/name=sky-kafka",
}


def pods(platform: Platform, api: client.ApiClient, parts: Sequence[str]) -> list[str]:
    core = client.CoreV1Api(api)
    return [
        pod.metadata.name
        for part in parts
        for pod in core.list_namespaced_pod(
            platform.namespace, label_selector=PARTS[part], field_selector="status.phase=Running"
        ).items
    ]


def kill(platform: Platform, names: Sequence[str]) -> None:
    assert names
    kubectl(platform.namespace, "delete", "pod", *names, "--grace-period=0", "--force")


def await_all_ready(platform: Platform) -> None:
    for kind in ("deployment", "statefulset"):
        for name in kubectl(platform.namespace, "get", kind, "--output=name").split():
            kubectl(platform.namespace, "rollout", "status", name, "--timeout=180s")
    await_kafka(platform)


def await_kafka(platform: Platform) -> None:
    """Its pod may not be there yet: it is made anew under the same name."""
    await_until(lambda: bool(broker_hosts(platform)), [], Goal("brokers should come", 60))
    kubectl(platform.namespace, "wait", "pod", "-l", PARTS["kafka"], READY, "--timeout=180s")


def test_kills_of_any_pods_lose_and_double_nothing_and_alerts_are_quick_again_within_a_minute(
    platform: Platform, api: client.ApiClient
) -> None:
    rng = Random(4)
    for number in range(KILLS):
        parts = list(PARTS) if number == KILLS - 1 else [rng.choice(list(PARTS))]
        kill(platform, pods(platform, api, parts))
        recovered_ms = (time.time() + RECOVERY_SECONDS) * 1000
        await_kafka(platform)
        sent_more_than(platform, REPORTS_BETWEEN)
    await_all_ready(platform)
    sent_more_than(platform, (RECOVERY_SECONDS + WATCHED_SECONDS) * REPORTS_PER_SECOND)
    try:
        found = evidence(platform)
    finally:
        start_fleet(platform)
    assert found.differences == ()
    latencies = [a.latency_ms for a in found.alerts if a.reported_ms > recovered_ms]
    assert len(latencies) > 20
    assert percentile(latencies, 0.99) < LATENCY_MS
