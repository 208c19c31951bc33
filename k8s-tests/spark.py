"""A run of the Spark operator, watched to its end."""

import json
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from cluster.access import forwarded
from cluster.commands import kubectl
from cluster.release import Platform
from local.processes import Goal, await_until

Manifest = dict[str, Any]
ENDS = ("COMPLETED", "FAILED")
PATIENCE_SECONDS = 480
UI_PORT = 4040
METRICS = DRIVER_METRICS, EXECUTOR_METRICS = (
    "/metrics/prometheus",
    "/metrics/executors/prometheus",
)
FIRST_EXECUTOR = 'executor_id="1"'


@dataclass(frozen=True, slots=True)
class SparkRun:
    """How it ended; pods and ConfigMaps as last seen; its metrics when the executor had come."""

    name: str
    state: str
    manifests: Mapping[str, Manifest]
    metrics: Mapping[str, str]

    @property
    def driver(self) -> Manifest:
        return self.manifests[f"Pod/{self.name}-driver"]

    @property
    def executors(self) -> list[Manifest]:
        return [m for m in self.manifests.values() if _is_executor(m, self.name)]


def names(platform: Platform, kind: str, *selector: str) -> list[str]:
    """Of what there is of this kind."""
    path = "-ojsonpath={.items[*].metadata.name}"
    return kubectl(platform.namespace, "get", kind, *selector, path).split()


def watched(platform: Platform, name: str) -> SparkRun:
    """The run of this name, once it has ended."""
    seen: dict[str, Manifest] = {}
    metrics: dict[str, str] = {}

    def has_ended() -> bool:
        seen.update(_present(platform))
        is_running = any(
            _is_executor(m, name) and m["status"]["phase"] == "Running" for m in seen.values()
        )
        if is_running and FIRST_EXECUTOR not in metrics.get(EXECUTOR_METRICS, ""):
            metrics.update(_metrics(platform, f"pod/{name}-driver"))
        return _state(seen, name) in ENDS

    goal = Goal(f"{name} should end", PATIENCE_SECONDS)
    await_until(has_ended, [], goal, look_seconds=1.0)
    return SparkRun(name, _state(seen, name), seen, metrics)


def _present(platform: Platform) -> Iterator[tuple[str, Manifest]]:
    """Kind and name, and manifest, of what a run is made of; the newest last."""
    kinds = "sparkapplications,pods,configmaps"
    listed = kubectl(platform.namespace, "get", kinds, "--output=json")
    for manifest in json.loads(listed)["items"]:
        yield f"{manifest['kind']}/{manifest['metadata']['name']}", manifest


def _state(seen: Mapping[str, Manifest], name: str) -> str:
    status = seen.get(f"SparkApplication/{name}", {}).get("status", {})
    return str(status.get("applicationState", {}).get("state", ""))


def _is_executor(manifest: Manifest, name: str) -> bool:
    labels = manifest["metadata"].get("labels", {})
    wanted = {"sparkoperator.k8s.io/app-name": name, "spark-role": "executor"}
    return manifest["kind"] == "Pod" and labels.items() >= wanted.items()


def _metrics(platform: Platform, driver: str) -> dict[str, str]:
    with forwarded(platform, driver, UI_PORT) as port:
        return {path: _page(f"http://127.0.0.1:{port}{path}") for path in METRICS}


def _page(url: str) -> str:
    with closing(urllib.request.urlopen(url, timeout=30)) as answer:
        return str(answer.read().decode())
