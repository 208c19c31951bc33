"""Which operators are in the cluster, however installed: `look` asks it, the rest is pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cluster.commands import run
from cluster.operators import Operator

Manifest = Mapping[str, Any]
ASKED_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Seen:
    """What a cluster held: each API's name and whether it answers, and all Deployments."""

    apis: Mapping[str, bool]
    deployments: tuple[Manifest, ...]


def look() -> Seen:
    """What the current cluster holds now. ClickException if it does not say."""
    kinds = "apiservices.apiregistration.k8s.io,deployments.apps"
    command = ("kubectl", "get", kinds, "--all-namespaces", "--output", "json")
    return seen(json.loads(run(*command, seconds=ASKED_SECONDS)))


def seen(answer: Manifest) -> Seen:
    """The list of APIServices and Deployments that kubectl gave."""
    items = answer["items"]
    return Seen(
        {i["metadata"]["name"]: _answers(i) for i in items if i["kind"] == "APIService"},
        tuple(item for item in items if item["kind"] == "Deployment"),
    )


def is_present(operator: Operator, cluster: Seen) -> bool:
    """Whether it is installed, running or not; CRDs that an uninstall left do not count."""
    if operator.containers:
        return bool(deployments_of(operator, cluster))
    return any(api in cluster.apis for api in operator.apis)


def is_available(operator: Operator, cluster: Seen) -> bool:
    """Whether it does its work: its APIs answer, and of each of its parts one Deployment is up."""
    parts = [_deployments(container, cluster) for container in operator.containers]
    return (
        is_present(operator, cluster)
        and all(cluster.apis.get(api) for api in operator.apis)
        and all(any(map(_is_up, part)) for part in parts if part)
    )


def deployments_of(operator: Operator, cluster: Seen) -> tuple[Manifest, ...]:
    """The Deployments of the operator itself; none if it is known by its API alone."""
    return tuple(each for name in operator.containers[:1] for each in _deployments(name, cluster))


def _deployments(container: str, cluster: Seen) -> tuple[Manifest, ...]:
    """Those with a container, or an image, of this name."""
    return tuple(found for found in cluster.deployments if container in _names(found))


def _names(deployment: Manifest) -> set[str]:
    containers = deployment["spec"]["template"]["spec"]["containers"]
    return {each["name"] for each in containers} | {
        _image_name(each["image"]) for each in containers
    }


def _image_name(image: str) -> str:
    """`quay.io/a/b:v1@sha256:0` is b."""
    return image.rpartition("/")[2].partition("@")[0].partition(":")[0]


def _is_up(deployment: Manifest) -> bool:
    # Scaled to none, a Deployment calls itself Available.
    return bool(deployment.get("status", {}).get("availableReplicas"))


def _answers(api: Manifest) -> bool:
    conditions = api.get("status", {}).get("conditions", ())
    return any(each["type"] == "Available" and each["status"] == "True" for each in conditions)
