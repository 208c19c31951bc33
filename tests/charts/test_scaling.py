"""Who decides how many replicas there are."""

import pytest

from tests.charts.conftest import Render
from tests.charts.manifests import Manifest, of_kind

SCALED = ("alerting", "archiving")
LAG = "--set=autoscaling.lag.enabled=true"


@pytest.mark.parametrize("chart", SCALED)
def test_while_something_scales_it_the_deployment_names_no_replicas(
    render: Render, chart: str
) -> None:
    for arguments in ((), (LAG,)):
        deployment = of_kind(render(chart, *arguments), "Deployment")[f"dw-{chart}"]
        assert "replicas" not in deployment["spec"]


@pytest.mark.parametrize("chart", SCALED)
def test_by_hand_the_deployment_names_its_replicas_and_nothing_scales_it(
    render: Render, chart: str
) -> None:
    manifests = render(chart, "--set=autoscaling.enabled=false,replicas=3")
    assert of_kind(manifests, "Deployment")[f"dw-{chart}"]["spec"]["replicas"] == 3
    assert not of_kind(manifests, "HorizontalPodAutoscaler") | of_kind(manifests, "ScaledObject")


@pytest.mark.parametrize("chart", SCALED)
def test_on_cpu_it_grows_at_once_and_shrinks_slowly(render: Render, chart: str) -> None:
    scaler = of_kind(render(chart), "HorizontalPodAutoscaler")[f"dw-{chart}"]["spec"]
    assert scaler["scaleTargetRef"]["name"] == f"dw-{chart}"
    assert scaler["metrics"][0]["resource"]["name"] == "cpu"
    assert scaler["behavior"]["scaleUp"]["stabilizationWindowSeconds"] == 0
    assert scaler["behavior"]["scaleDown"]["stabilizationWindowSeconds"] >= 300


@pytest.fixture
def trigger(render: Render):
    def of(chart: str, *arguments: str) -> Manifest:
        manifests = render(chart, LAG, *arguments)
        assert not of_kind(manifests, "HorizontalPodAutoscaler")
        (found,) = of_kind(manifests, "ScaledObject")[f"dw-{chart}"]["spec"]["triggers"]
        return found

    return of


def test_on_lag_a_planned_load_that_waits_for_its_flush_needs_one_replica(trigger) -> None:
    planned = "--set=objectAgeSeconds=300,autoscaling.lag.reportsPerSecondPerReplica=4000"
    threshold = int(trigger("archiving", planned)["metadata"]["lagThreshold"])
    assert threshold >= 4000 * 300
    assert threshold <= 4000 * 300 * 1.2


def test_the_threshold_follows_rate_and_flush_age(trigger) -> None:
    def threshold(values: str) -> int:
        slack = "--set=autoscaling.lag.slackSeconds=10"
        found = trigger("archiving", slack, *(f"--set-json={value}" for value in values.split(",")))
        return int(found["metadata"]["lagThreshold"])

    rate = "autoscaling.lag.reportsPerSecondPerReplica"
    assert threshold(f"objectAgeSeconds=30,{rate}=1000") == 40_000
    assert threshold(f"objectAgeSeconds=30,{rate}=2000") == 80_000
    assert threshold(f"objectAgeSeconds=0.5,{rate}=1000.5") == 10_506


@pytest.mark.parametrize("chart", SCALED)
def test_keda_counts_from_the_start_of_the_log_as_the_components_own_user(
    trigger, render: Render, chart: str
) -> None:
    found = trigger(chart)
    assert found["metadata"]["offsetResetPolicy"] == "earliest"
    assert found["metadata"]["consumerGroup"] == chart
    # It asks from another namespace.
    assert found["metadata"]["bootstrapServers"] == "dw-kafka-bootstrap.sky.svc:9093"
    authentication = of_kind(render(chart, LAG), "TriggerAuthentication")[f"dw-{chart}"]["spec"]
    secrets = {(s["parameter"], s["name"], s["key"]) for s in authentication["secretTargetRef"]}
    assert secrets == {
        ("password", f"dw-{chart}", "password"),
        ("ca", "dw-cluster-ca-cert", "ca.crt"),
    }


@pytest.mark.parametrize("chart", SCALED)
def test_an_upgrade_adds_a_pod_before_it_takes_one_and_a_drain_takes_one_at_a_time(
    render: Render, chart: str
) -> None:
    manifests = render(chart)
    deployment = of_kind(manifests, "Deployment")[f"dw-{chart}"]["spec"]
    assert deployment["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    assert of_kind(manifests, "PodDisruptionBudget")[f"dw-{chart}"]["spec"]["maxUnavailable"] == 1


@pytest.mark.parametrize("chart", SCALED)
def test_a_stopping_pod_has_time_to_hand_over(render: Render, chart: str) -> None:
    spec = of_kind(render(chart), "Deployment")[f"dw-{chart}"]["spec"]["template"]["spec"]
    assert spec["terminationGracePeriodSeconds"] >= 30


def test_there_are_never_two_fleets(render: Render) -> None:
    deployment = of_kind(render("simulator"), "Deployment")["dw-simulator"]["spec"]
    assert deployment["strategy"] == {"type": "Recreate"}
