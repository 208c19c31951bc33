"""Alert rules, dashboards, and what Prometheus is to read."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import prometheus_client
import pytest
import yaml

import services.alerting.publisher
import services.archiving.chain_start
import services.archiving.metrics
import services.archiving.upload
import services.notifying.metrics
import services.stream.group_start
import services.stream.observation
import services.stream.topic_settings
import services.stream.unreadable
import services.website.metrics
import simulator.run
from tests.charts.conftest import REPOSITORY, Render
from tests.charts.manifests import Manifest, of_kind, pods

ON = "--set=global.monitoring.enabled=true"
# Imported for what they register.
COMPONENTS = (
    services.alerting.publisher,
    services.archiving.chain_start,
    services.archiving.metrics,
    services.archiving.upload,
    services.notifying.metrics,
    services.stream.group_start,
    services.stream.observation,
    services.stream.topic_settings,
    services.stream.unreadable,
    services.website.metrics,
    simulator.run,
)

# Components whose pods the charts describe down to their ports, and those that an operator knows.
OURS = (
    *("simulator", "alerting", "archiving", "website", "minio", "analysis-driver"),
    *("notifying-email", "notifying-email-retries"),
    *("notifying-webhook", "notifying-webhook-retries", "notifying-log"),
)
OF_OPERATORS = ("kafka", "spark-operator")


def rules(manifests: list[Manifest]) -> list[Manifest]:
    (group,) = of_kind(manifests, "PrometheusRule")["dw-monitoring"]["spec"]["groups"]
    return group["rules"]


def queries(manifests: list[Manifest]) -> list[str]:
    """Of all alerts and all panels."""
    (text,) = of_kind(manifests, "ConfigMap")["dw-monitoring-dashboards"]["data"].values()
    panels = [t["expr"] for panel in json.loads(text)["panels"] for t in panel["targets"]]
    return [rule["expr"] for rule in rules(manifests)] + panels


@pytest.fixture(scope="module")
def monitoring(render: Render) -> list[Manifest]:
    return render("monitoring", ON)


def test_nothing_is_made_unless_asked_for(render: Render) -> None:
    kinds = {manifest["kind"] for manifest in render("dronewatch")}
    assert not kinds & {"PodMonitor", "ServiceMonitor", "PrometheusRule"}


def test_nothing_is_made_where_the_operator_is_missing(helm: str, charts: Path) -> None:
    command = [helm, "template", "dw", charts / "dronewatch", ON]
    ran = subprocess.run(
        [*command, "--kube-version=1.34.0"], capture_output=True, text=True, check=True
    )
    assert "monitoring.coreos.com" not in ran.stdout


def test_each_alert_stands_in_a_file_of_its_name_and_has_a_runbook(
    monitoring: list[Manifest],
) -> None:
    names = {rule["alert"] for rule in rules(monitoring)}
    files = {file.stem for file in (REPOSITORY / "charts/monitoring/rules").glob("*.yaml")}
    books = {file.stem for file in (REPOSITORY / "docs/runbooks").glob("*.md")}
    assert names == files == books
    for rule in rules(monitoring):
        assert rule["annotations"]["runbook_url"].endswith(f"/docs/runbooks/{rule['alert']}.md")
        assert rule["labels"]["severity"] in {"warning", "critical"}


def test_everything_known_at_rendering_is_filled_in(monitoring: list[Manifest]) -> None:
    for query in queries(monitoring):
        assert not [word for word in ("$threshold", "$release", "$namespace") if word in query]
        assert 'namespace="sky"' in query or 'app_type="sky"' in query


def test_releases_may_share_a_grafana(render: Render) -> None:
    def uid(*arguments: str) -> str:
        manifests = render("monitoring", ON, *arguments)
        data = of_kind(manifests, "ConfigMap")["dw-monitoring-dashboards"]["data"]
        return json.loads(data["dronewatch.json"])["uid"]

    assert uid() != uid("--namespace", "ground")


def test_queries_ask_only_for_metrics_that_the_components_export(
    monitoring: list[Manifest],
) -> None:
    exported = {
        sample.name
        for family in prometheus_client.REGISTRY.collect()
        for sample in [*family.samples, *_without_labels(family)]
    }
    asked = {name for query in queries(monitoring) for name in re.findall(r"dronewatch_\w+", query)}
    assert asked <= exported


def _without_labels(family) -> list[prometheus_client.metrics_core.Sample]:
    """What a metric with labels will export once it has a value."""
    suffixes = {"counter": ["_total"], "histogram": ["_bucket", "_count", "_sum"]}
    named = [family.name + suffix for suffix in suffixes.get(family.type, [""])]
    return [prometheus_client.metrics_core.Sample(name, {}, 0) for name in named]


def test_prometheus_can_read_every_rule(monitoring: list[Manifest], tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("no promtool on the PATH")
    spec = of_kind(monitoring, "PrometheusRule")["dw-monitoring"]["spec"]
    file = tmp_path / "rules.yaml"
    file.write_text(yaml.safe_dump(spec))
    ran = subprocess.run(
        [promtool, "check", "rules", file], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_each_monitor_selects_its_pods_and_a_port_that_they_have(
    everything: list[Manifest],
) -> None:
    monitors = of_kind(everything, "PodMonitor")
    assert monitors.keys() == {f"dw-{component}" for component in (*OURS, *OF_OPERATORS)}
    for name, monitor in ((f"dw-{component}", monitors[f"dw-{component}"]) for component in OURS):
        wanted = monitor["spec"]["selector"]["matchLabels"].items()
        selected = [pod for pod in pods(everything) if pod.labels.items() >= wanted]
        assert selected, name
        ports = {p["port"] for p in monitor["spec"]["podMetricsEndpoints"]}
        for pod in selected:
            named = {p["name"] for c in pod.spec["containers"] for p in c.get("ports", ())}
            assert ports <= named | {"spark-ui"}, name


def test_queries_tell_components_apart_by_the_label_that_their_monitor_puts_on(
    everything: list[Manifest], monitoring: list[Manifest]
) -> None:
    put_on = {
        relabeling["replacement"]
        for monitor in of_kind(everything, "PodMonitor").values()
        for endpoint in monitor["spec"]["podMetricsEndpoints"]
        for relabeling in endpoint["relabelings"]
        if relabeling["targetLabel"] == "component"
    }
    asked = {
        component
        for query in queries(monitoring)
        for names in re.findall(r'component=~?"([^"]*)"', query)
        for component in names.split("|")
    }
    assert put_on == {*OURS, *OF_OPERATORS}
    assert asked
    assert asked <= put_on


def test_the_spark_operator_is_read_in_its_own_namespace(render: Render) -> None:
    where = "--set=sparkOperator.namespace=spark"
    spec = of_kind(render("monitoring", ON, where), "PodMonitor")["dw-spark-operator"]["spec"]
    assert spec["namespaceSelector"] == {"matchNames": ["spark"]}
    assert not of_kind(render("monitoring", ON, "--set=sparkOperator.enabled=false"), "PodMonitor")


@pytest.mark.parametrize("kind", ["SparkApplication", "ScheduledSparkApplication"])
def test_runs_carry_the_label_by_which_the_operator_counts_them(
    everything: list[Manifest], kind: str
) -> None:
    (application,) = of_kind(everything, kind).values()
    label = f'app_type="{application["metadata"]["labels"]["app_type"]}"'
    asked = [query for query in queries(everything) if "spark_application" in query]
    assert asked
    assert all(label in query for query in asked)


def test_ones_own_labels_are_on_what_prometheus_selects(render: Render) -> None:
    manifests = render("dronewatch", ON, "--set=global.monitoring.labels.release=prom")
    for kind in ("PodMonitor", "PrometheusRule"):
        assert of_kind(manifests, kind)
        for manifest in of_kind(manifests, kind).values():
            assert manifest["metadata"]["labels"]["release"] == "prom"
