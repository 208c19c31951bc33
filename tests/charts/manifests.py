"""Looking into rendered manifests."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

Manifest = dict[str, Any]


@dataclass(frozen=True)
class Pod:
    """A pod that a manifest makes: whose it is, its labels, its spec."""

    owner: str
    labels: dict[str, str]
    spec: dict[str, Any]


def of_kind(manifests: Iterable[Manifest], kind: str) -> dict[str, Manifest]:
    """The manifests of a kind by name."""
    return {m["metadata"]["name"]: m for m in manifests if m["kind"] == kind}


def pods(manifests: Iterable[Manifest]) -> list[Pod]:
    """Every pod that these manifests make, whatever operator makes it."""
    return [pod for manifest in manifests for pod in _pods_of(manifest)]


def _pods_of(manifest: Manifest) -> Iterator[Pod]:
    kind, spec = manifest["kind"], manifest.get("spec", {})
    owner = f"{kind} {unmarked(manifest['metadata']['name'])}"
    if kind in ("Deployment", "StatefulSet", "Job"):
        yield Pod(owner, spec["template"]["metadata"]["labels"], spec["template"]["spec"])
    if kind == "CronJob":
        template = spec["jobTemplate"]["spec"]["template"]
        yield Pod(owner, template["metadata"]["labels"], template["spec"])
    if kind == "SparkApplication":
        yield from _spark_pods(owner, spec)
    if kind == "ScheduledSparkApplication":
        yield from _spark_pods(owner, spec["template"])
    if kind == "Kafka":
        yield from _strimzi_pods(owner, manifest)


def unmarked(name: str) -> str:
    """A name without the mark of its content, if it ends with one (the Job's of loading)."""
    return re.sub(r"-[0-9a-f]{8}$", "", name)


def _spark_pods(owner: str, spec: dict[str, Any]) -> Iterator[Pod]:
    for role in ("driver", "executor"):
        yield Pod(f"{owner} {role}", spec[role]["labels"], spec[role]["template"]["spec"])


def _strimzi_pods(owner: str, kafka: Manifest) -> Iterator[Pod]:
    name, spec = kafka["metadata"]["name"], kafka["spec"]
    parts = {"kafka": spec["kafka"], "entity-operator": spec["entityOperator"]}
    for part, template in ((part, said["template"]) for part, said in parts.items()):
        labels = {"strimzi.io/cluster": name, "strimzi.io/name": f"{name}-{part}"}
        containers = [
            {"name": key, "securityContext": value["securityContext"]}
            for key, value in template.items()
            if key.endswith("Container")
        ]
        yield Pod(f"{owner} {part}", labels, {**template["pod"], "containers": containers})


def containers(pod: Pod) -> list[dict[str, Any]]:
    """All of a pod, those that run before the others too."""
    found: list[dict[str, Any]] = pod.spec["containers"] + pod.spec.get("initContainers", [])
    return found


def environment(pod: Pod) -> dict[str, Any]:
    """The first container's variables: a value, or a reference."""
    return {
        variable["name"]: variable.get("value", variable.get("valueFrom"))
        for variable in pod.spec["containers"][0]["env"]
    }
