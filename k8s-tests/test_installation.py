"""The platform as `make deploy` installs it."""

from fleet import adds_up, sent_more_than
from kubernetes import client

from cluster.commands import kubectl
from cluster.release import Platform


def test_after_installation_every_pod_runs_or_has_done_its_work(
    platform: Platform, api: client.ApiClient
) -> None:
    pods = client.CoreV1Api(api).list_namespaced_pod(platform.namespace).items
    phases = {pod.metadata.name: pod.status.phase for pod in pods}
    waiting = {
        status.name: status.state.waiting.reason
        for pod in pods
        for status in pod.status.container_statuses or []
        if status.state.waiting
    }
    assert set(phases.values()) <= {"Running", "Succeeded"}, phases
    assert not waiting
    assert len(phases) >= 6


def test_every_acknowledged_report_is_archived_once_and_raises_its_alerts(
    platform: Platform,
) -> None:
    sent_more_than(platform, 1_500)
    adds_up(platform)


def test_the_namespace_lets_restricted_pods_in_only(platform: Platform) -> None:
    labels = kubectl(
        "", "get", "namespace", platform.namespace, "--output=jsonpath={.metadata.labels}"
    )
    assert '"pod-security.kubernetes.io/enforce":"restricted"' in labels
