"""What a Prometheus sees of the platform: targets, alert rules, the queries of the dashboards."""

import json
import math
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from fleet import FLEET
from prometheus import Manifest, Prometheus, left_over, watching

from cluster.commands import kubectl
from cluster.operators import PROMETHEUS
from cluster.presence import is_present, look
from cluster.release import Platform

# On, with a run of the analysis, and so that an alert that takes 36 hours takes a second.
WATCHED = (
    "--set=global.monitoring.enabled=true",
    "--set=analysis.run.enabled=true",
    "--set=monitoring.thresholds.archiveAgeCriticalSeconds=1",
)
COMPONENTS = ("simulator", "alerting", "archiving", "notifying-log", "website", "minio")
# Each of them when it is new, which a platform just installed is.
OF_A_NEW_PLATFORM = {"DronewatchArchiveStartsUntrusted"}
# What Prometheus reads anew every 15 s.
READ_SECONDS = 60
# An analysis starts two JVMs, one after the other.
RUN_SECONDS = 180
SELECTOR = re.compile(r"[a-z_]+\{[^}]*\}")
LEGEND = re.compile(r"{{(\w+)}}")

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def prometheus(platform: Platform, installed: Callable[..., None]) -> Iterator[Prometheus]:
    if not is_present(PROMETHEUS, look()):
        pytest.skip("NOT WATCHED: no Prometheus operator; `make operators MONITORING=1` brings it")
    try:
        installed(platform, *FLEET, *WATCHED)
        with failing_run(platform), watching(platform) as prometheus:
            yield prometheus
    finally:
        installed(platform, *FLEET)


@contextmanager
def failing_run(platform: Platform) -> Iterator[None]:
    """Beside the release's run one that is asked about a time that is none."""
    run = json.dumps(bad_run(the_run(platform)))
    kubectl(platform.namespace, "apply", "--filename=-", text=run)
    try:
        yield
    finally:
        kubectl(platform.namespace, "delete", "--filename=-", text=run)


def the_run(platform: Platform) -> Manifest:
    selector = f"--selector={platform.selector}"
    found = kubectl(platform.namespace, "get", "sparkapplications", selector, "--output=json")
    run, *_ = json.loads(found)["items"]
    return run


def bad_run(good: Manifest) -> Manifest:
    arguments = [*good["spec"]["arguments"], "--from=never"]
    return {
        "apiVersion": good["apiVersion"],
        "kind": good["kind"],
        "metadata": {"name": "bad-run", "labels": good["metadata"]["labels"]},
        "spec": good["spec"] | {"arguments": arguments},
    }


def running_pods(platform: Platform) -> set[str]:
    wanted = f"{platform.selector},app.kubernetes.io/component in ({','.join(COMPONENTS)})"
    running = (
        "--field-selector=status.phase=Running",
        "--output=jsonpath={.items[*].metadata.name}",
    )
    return {*kubectl(platform.namespace, "get", "pods", "--selector", wanted, *running).split()}


def test_every_pod_of_the_platform_and_the_spark_operator_are_read(
    prometheus: Prometheus, platform: Platform
) -> None:
    def unread() -> list[str]:
        up = {t["labels"]["pod"] for t in prometheus.targets() if t["health"] == "up"}
        operator = {p for p in up if p.startswith("spark-operator-controller")} or {"operator"}
        return sorted((running_pods(platform) | operator) - up)

    assert left_over(unread, READ_SECONDS) == []


def test_no_target_but_of_a_run_that_comes_or_goes_is_down(prometheus: Prometheus) -> None:
    def down() -> list[str]:
        found = prometheus.targets()
        lasting = [t for t in found if t["labels"]["component"] != "analysis-driver"]
        return [f"{t['scrapeUrl']}: {t['lastError']}" for t in lasting if t["health"] != "up"]

    assert left_over(down, READ_SECONDS) == []


def test_an_analysis_tells_of_its_driver_and_its_executors_while_it_runs(
    prometheus: Prometheus,
) -> None:
    told = ("metrics_dronewatch_driver_.+", "metrics_executor_.+")

    def untold() -> list[str]:
        prometheus.targets()
        query = 'last_over_time({__name__=~"%s",component="analysis-driver"}[10m])'
        return [name for name in told if not prometheus.series(query % name)]

    assert left_over(untold, RUN_SECONDS) == []


def test_every_alert_rule_is_evaluated(prometheus: Prometheus, platform: Platform) -> None:
    path = "--output=jsonpath={.items[*].spec.groups[*].rules[*].alert}"
    selector = f"--selector={platform.selector}"
    declared = kubectl(platform.namespace, "get", "prometheusrules", selector, path).split()

    def unwell() -> list[str]:
        rules = {rule["name"]: rule for rule in prometheus.rules()}
        missing = [name for name in declared if name not in rules]
        return missing + [
            f"{name}: {rule['health']} {rule.get('lastError', '')}"
            for name, rule in rules.items()
            if rule["health"] != "ok"
        ]

    assert declared
    assert left_over(unwell, READ_SECONDS) == []


def test_every_metric_that_an_alert_asks_for_is_there(prometheus: Prometheus) -> None:
    def unanswered() -> list[str]:
        return [
            f"{rule['name']}: {selector}"
            for rule in prometheus.rules()
            for selector in SELECTOR.findall(rule["query"])
            # The nightly verification has not run yet.
            if "archiving-verify" not in rule["query"] and not prometheus.series(selector)
        ]

    assert all(SELECTOR.findall(rule["query"]) for rule in prometheus.rules())
    assert left_over(unanswered, RUN_SECONDS) == []


def test_every_query_of_the_dashboards_gives_numbers_and_what_its_legend_names(
    prometheus: Prometheus, platform: Platform
) -> None:
    targets = panel_targets(platform)

    def wrong() -> list[str]:
        return [
            f"{target['legendFormat']}: {target['expr']} gives {found}"
            for target in targets
            if not is_drawn(target, found := prometheus.series(target["expr"]))
        ]

    assert targets
    assert left_over(wrong, RUN_SECONDS) == []


def panel_targets(platform: Platform) -> list[Manifest]:
    """Of all panels, as Grafana's sidecar finds them. No variable of Grafana's is in a query."""
    found = kubectl(
        platform.namespace, "get", "configmaps", "--selector=grafana_dashboard=1", "--output=json"
    )
    boards = [text for item in json.loads(found)["items"] for text in item["data"].values()]
    targets = [
        t for text in boards for panel in json.loads(text)["panels"] for t in panel["targets"]
    ]
    assert [t for t in targets if "$" in t["expr"]] == []
    return targets


def is_drawn(target: Manifest, found: list[Manifest]) -> bool:
    """Whether the series are there, are numbers, and carry the labels that the legend names."""
    named = set(LEGEND.findall(target["legendFormat"]))
    return bool(found) and all(
        math.isfinite(float(series["value"][1])) and named <= series["metric"].keys()
        for series in found
    )


def test_an_alert_fires_when_its_threshold_is_passed_and_tells_what_to_do(
    prometheus: Prometheus,
) -> None:
    name = "DronewatchArchiveNearRetention"
    assert left_over(lambda: sorted({name} - prometheus.firing().keys()), 120) == []
    told = prometheus.firing()[name]["annotations"]
    assert re.search(r"not archived is [\d.]+s old", told["description"])
    assert told["runbook_url"].endswith(f"/docs/runbooks/{name}.md")


def test_a_run_that_fails_raises_an_alert_although_it_is_the_first(
    prometheus: Prometheus, platform: Platform
) -> None:
    name = "DronewatchAnalysisFailed"
    assert left_over(lambda: sorted({name} - prometheus.firing().keys()), RUN_SECONDS) == []
    assert platform.namespace in prometheus.firing()[name]["annotations"]["description"]


def test_nothing_else_fires_on_a_platform_that_is_well(prometheus: Prometheus) -> None:
    expected = {"DronewatchArchiveNearRetention", "DronewatchAnalysisFailed", *OF_A_NEW_PLATFORM}
    assert prometheus.firing().keys() <= expected
