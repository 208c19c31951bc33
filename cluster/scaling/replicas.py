"""What the demo sees of the cluster, and when it goes on. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import click

PARTS = ("alerting", "archiving")
REPLICAS = 3
# Unless the HPA says otherwise (Kubernetes' own).
SCALE_DOWN_SECONDS = 300
# One replica goes in each such time, as the charts have it; and what an HPA needs to notice.
POD_SECONDS = 30.0
SLACK_SECONDS = 180.0

Manifest = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Autoscaler:
    """A HorizontalPodAutoscaler. CPU in per cent of the request, None if it sees none."""

    maximum: int
    scale_down_seconds: int
    cpu_percent: int | None


@dataclass(frozen=True, slots=True)
class Part:
    """A part that scales: how many pods its Deployment wants and has ready."""

    name: str
    wanted: int
    ready: int
    autoscaler: Autoscaler | None


@dataclass(frozen=True, slots=True)
class Count:
    """How many reports a simulator's pod has sent, by its own count, at a time of our clock."""

    pod: str
    reports: float
    at_seconds: float


@dataclass(frozen=True, slots=True)
class Look:
    """What was to be seen so many seconds after the beginning; a rate of None is not known."""

    seconds: float
    reports_per_second: float | None
    parts: tuple[Part, ...]


def parts_of(items: Iterable[Manifest], deployments: Mapping[str, str]) -> tuple[Part, ...]:
    """The parts, whose Deployments have these names, from what the cluster holds.

    ClickException if one is missing.
    """
    found = list(items)
    made = {item["metadata"]["name"]: item for item in found if item["kind"] == "Deployment"}
    missing = sorted(set(deployments.values()) - made.keys())
    if missing:
        raise click.ClickException(f"there is no Deployment {', '.join(missing)}")
    scalers = {
        item["spec"]["scaleTargetRef"]["name"]: item
        for item in found
        if item["kind"] == "HorizontalPodAutoscaler"
    }
    return tuple(_part(part, made[name], scalers.get(name)) for part, name in deployments.items())


def ready_pods(items: Iterable[Manifest], component: str) -> list[str]:
    """Names of the component's pods that are ready and stay."""
    return [
        item["metadata"]["name"]
        for item in items
        if item["kind"] == "Pod"
        and item["metadata"].get("labels", {}).get("app.kubernetes.io/component") == component
        and "deletionTimestamp" not in item["metadata"]
        and _is_ready(item)
    ]


def _is_ready(pod: Manifest) -> bool:
    return any(each["type"] == "Ready" and each["status"] == "True" for each in _conditions(pod))


def homeless_pods(items: Iterable[Manifest]) -> list[str]:
    """A line for each pod that no node takes, with the scheduler's reason."""
    return [
        f"pod {item['metadata']['name']} finds no node: {each.get('message', 'no reason given')}"
        for item in items
        if item["kind"] == "Pod"
        for each in _conditions(item)
        if each["type"] == "PodScheduled" and each["status"] == "False"
    ]


def _conditions(pod: Manifest) -> Sequence[Manifest]:
    conditions: Sequence[Manifest] = pod.get("status", {}).get("conditions", ())
    return conditions


def _part(name: str, deployment: Manifest, scaler: Manifest | None) -> Part:
    ready = deployment.get("status", {}).get("readyReplicas", 0)
    return Part(
        name, deployment["spec"]["replicas"], ready, _autoscaler(scaler) if scaler else None
    )


def _autoscaler(found: Manifest) -> Autoscaler:
    spec, status = found["spec"], found.get("status", {})
    scale_down = spec.get("behavior", {}).get("scaleDown", {})
    return Autoscaler(
        maximum=spec["maxReplicas"],
        scale_down_seconds=scale_down.get("stabilizationWindowSeconds", SCALE_DOWN_SECONDS),
        cpu_percent=_cpu_percent(status.get("currentMetrics") or ()),
    )


def _cpu_percent(metrics: Iterable[Manifest]) -> int | None:
    resources = (metric.get("resource", {}) for metric in metrics)
    currents = (each["current"] for each in resources if each.get("name") == "cpu")
    return next((each.get("averageUtilization") for each in currents), None)


def sample(metrics: str, name: str) -> float | None:
    """The value of a metric without labels in Prometheus' text; None if it is not there."""
    found = re.search(rf"^{re.escape(name)} (\S+)$", metrics, re.MULTILINE)
    return float(found[1]) if found else None


def rate_between(earlier: Count | None, later: Count | None) -> float | None:
    """Reports a second; None if the counts are not of one run of one pod."""
    if not earlier or not later or earlier.pod != later.pod or later.reports < earlier.reports:
        return None
    seconds = later.at_seconds - earlier.at_seconds
    return (later.reports - earlier.reports) / seconds if seconds > 0 else None


def goals(parts: Sequence[Part]) -> dict[str, int]:
    """How many replicas of each part the load shall bring: 3, and at least one more than now.

    ClickException if its autoscaler is off, or may not have so many.
    """
    return {part.name: _goal(part) for part in parts}


def _goal(part: Part) -> int:
    goal = max(REPLICAS, part.wanted + 1)
    if not part.autoscaler:
        raise click.ClickException(f"{part.name} is not autoscaled: try MODE=manual")
    if part.autoscaler.maximum < goal:
        raise click.ClickException(
            f"{part.name} has {part.wanted} of at most {part.autoscaler.maximum} replicas, no room"
            f" for {goal}: raise {part.name}.autoscaling.maxReplicas"
        )
    return goal


def has_risen(look: Look, to: Mapping[str, int]) -> bool:
    """Whether each part has so many replicas ready, or more."""
    return all(part.ready >= to[part.name] for part in look.parts)


def is_at(look: Look, replicas: Mapping[str, int]) -> bool:
    """Whether each part wants so many replicas and has them."""
    return all(part.ready == part.wanted == replicas[part.name] for part in look.parts)


def is_autoscaled(look: Look) -> dict[str, bool]:
    """Whether each part has an autoscaler."""
    return {part.name: part.autoscaler is not None for part in look.parts}


def has_fallen(look: Look, to: Mapping[str, int]) -> bool:
    """Whether each part has so many replicas, or fewer, and wants no more."""
    return all(max(part.ready, part.wanted) <= to[part.name] for part in look.parts)


def replicas_of(look: Look) -> dict[str, int]:
    """How many replicas each part wants."""
    return {part.name: part.wanted for part in look.parts}


def fall_seconds(parts: Sequence[Part]) -> float:
    """How long it may take until the parts' replicas have gone."""
    waits = (part.autoscaler.scale_down_seconds for part in parts if part.autoscaler)
    pods = max(part.wanted for part in parts)
    return max(waits, default=0) + pods * POD_SECONDS + SLACK_SECONDS
