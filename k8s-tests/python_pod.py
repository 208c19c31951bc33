"""A pod of the tests' own, of an image of the platform's: it has Python, and the nodes have it."""

import json
from collections.abc import Sequence
from typing import Any

from cluster.commands import kubectl
from cluster.release import Platform

Manifest = dict[str, Any]

RESOURCES = {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "128Mi"}}


def pod_spec(platform: Platform, name: str, command: Sequence[str], **container: Any) -> Manifest:
    """Of one container, with the narrow rights of the platform's pods, that runs the command.

    `container` holds further fields of it.
    """
    sample = _log_channel(platform)
    (given,) = sample["containers"]
    kept = {key: given[key] for key in ("image", "imagePullPolicy", "securityContext")}
    own = {"name": name, "command": [*command], "resources": RESOURCES, **container}
    return {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": sample["securityContext"],
        "terminationGracePeriodSeconds": 5,
        "containers": [kept | own],
    }


def listens(port: int) -> Manifest:
    """A readiness probe of whoever does."""
    return {"tcpSocket": {"port": port}, "periodSeconds": 1}


def _log_channel(platform: Platform) -> Manifest:
    """The spec of a pod that needs no volume and no Secret of another's."""
    deployment = f"deployment/{platform.named('notifying-log')}"
    found = json.loads(kubectl(platform.namespace, "get", deployment, "--output=json"))
    spec: Manifest = found["spec"]["template"]["spec"]
    return spec
