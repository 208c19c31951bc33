"""A Prometheus that watches a platform, of the Prometheus operator, and what it says."""

import base64
import gzip
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import urllib3
import yaml
from discovery import PODS_FILE, targets, told

from cluster.access import forwarded
from cluster.commands import kubectl
from cluster.operators import SPARK
from cluster.release import Platform
from local.processes import Goal, await_until

WATCHER, TRANSLATOR = "watcher", "translator"
POD = f"pod/prometheus-{WATCHER}-0"
PORT = 9090
VERSION = "v2.42.0"
NOBODY = 65534
LOOK_SECONDS = 1.0

Manifest = dict[str, Any]


@dataclass(frozen=True)
class Prometheus:
    """Its HTTP API."""

    platform: Platform
    http: urllib3.PoolManager
    port: int

    def answer(self, path: str, **parameters: str) -> Any:
        """What /api/v1/<path> answers; AssertionError, with its words, if it refuses."""
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}"
        answer = self.http.request("GET", url, fields=parameters, timeout=20).json()
        assert answer["status"] == "success", answer
        return answer["data"]

    def targets(self) -> list[Manifest]:
        """What it reads, of the pods that are there now."""
        _tell_pods(self.platform.namespace)
        return self.answer("targets", state="active")["activeTargets"]

    def series(self, query: str) -> list[Manifest]:
        """What an expression gives now."""
        return self.answer("query", query=query)["result"]

    def rules(self) -> list[Manifest]:
        return [rule for group in self.answer("rules")["groups"] for rule in group["rules"]]

    def firing(self) -> dict[str, Manifest]:
        """The alerts that fire, by name."""
        alerts = self.answer("alerts")["alerts"]
        return {a["labels"]["alertname"]: a for a in alerts if a["state"] == "firing"}


def left_over(find: Callable[[], list[str]], seconds: float) -> list[str]:
    """Nothing as soon as there is nothing to find; else what there is when the time is over."""
    deadline = time.monotonic() + seconds
    while (found := find()) and time.monotonic() < deadline:
        time.sleep(LOOK_SECONDS)
    return found


@contextmanager
def watching(platform: Platform) -> Iterator[Prometheus]:
    """It stands in the platform's namespace, by the PodMonitors and rules that are there now."""
    with _made(platform, _prometheus(platform, TRANSLATOR, replicas=0)):
        configs = yaml.safe_dump([told(config) for config in _translation(platform)])
    jobs = {"name": WATCHER, "key": "jobs.yaml"}
    secret = _manifest("v1", "Secret", WATCHER) | {"stringData": {jobs["key"]: configs}}
    watcher = _prometheus(platform, WATCHER, replicas=1, additionalScrapeConfigs=jobs)
    with _made(platform, secret, watcher):
        ready = ("--for=condition=Available", "--timeout=180s")
        kubectl(platform.namespace, "wait", f"prometheus/{WATCHER}", *ready)
        with forwarded(platform, POD, PORT) as port, urllib3.PoolManager() as http:
            yield Prometheus(platform, http, port)


@contextmanager
def _made(platform: Platform, *manifests: Manifest) -> Iterator[None]:
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": manifests})
    kubectl(platform.namespace, "apply", "--filename=-", text=text)
    try:
        yield
    finally:
        gone = ("--cascade=foreground", "--timeout=120s")
        kubectl(platform.namespace, "delete", "--filename=-", *gone, text=text)


def _translation(platform: Platform) -> list[Manifest]:
    """The operator's scrape configuration of every PodMonitor of the release."""
    path = "--output=jsonpath={.items[*].metadata.name}"
    ours = f"--selector={platform.selector}"
    monitors = set(kubectl(platform.namespace, "get", "podmonitors", ours, path).split())
    assert monitors
    goal = Goal("the Prometheus operator should translate the PodMonitors", 60)
    await_until(lambda: monitors <= set(_jobs(platform)), [], goal, look_seconds=1.0)
    return [config for configs in _jobs(platform).values() for config in configs]


def _jobs(platform: Platform) -> dict[str, list[Manifest]]:
    """The scrape configurations that there are yet, by the PodMonitor that they come from."""
    path = r"--output=jsonpath={.data.prometheus\.yaml\.gz}"
    name = f"prometheus-{TRANSLATOR}"
    packed = kubectl(platform.namespace, "get", "secret", name, "--ignore-not-found", path)
    content = gzip.decompress(base64.b64decode(packed)) if packed else b"{}"
    jobs: dict[str, list[Manifest]] = {}
    for config in yaml.safe_load(content).get("scrape_configs") or ():
        # podMonitor/<namespace>/<name>/<number of the endpoint>
        jobs.setdefault(config["job_name"].split("/")[2], []).append(config)
    return jobs


def _tell_pods(namespace: str) -> None:
    found = [
        pod
        for where in (namespace, SPARK.namespace)
        for pod in json.loads(kubectl(where, "get", "pods", "--output=json"))["items"]
    ]
    write = f"cat > {PODS_FILE}.new && mv {PODS_FILE}.new {PODS_FILE}"
    command = ("exec", "--stdin", POD, "--container=prometheus", "--", "sh", "-c", write)
    kubectl(namespace, *command, text=json.dumps(targets(found)))


def _prometheus(platform: Platform, name: str, replicas: int, **spec: Any) -> Manifest:
    ours = {"matchLabels": {"app.kubernetes.io/instance": platform.release}}
    # Without a selector of anything to read (there are no Probes) the operator configures nothing.
    watcher = {"ruleSelector": ours, "probeSelector": ours}
    selected = {"podMonitorSelector": ours} if name == TRANSLATOR else watcher
    common = {
        "version": VERSION,
        "replicas": replicas,
        "evaluationInterval": "5s",
        "resources": {"requests": {"cpu": "10m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}},
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": NOBODY,
            "fsGroup": NOBODY,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }
    manifest = _manifest("monitoring.coreos.com/v1", "Prometheus", name)
    return manifest | {"spec": {**common, **selected, **spec}}


def _manifest(api_version: str, kind: str, name: str) -> Manifest:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name}}
