"""Deployments and APIServices as kubectl gives them, as far as they are read."""

from typing import Any


def deployment(name: str, container: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    """An operator's, up; `image` may be left out of its container."""
    container = {"image": "quay.io/some/where:v1", **container}
    pod = {"containers": [container], "serviceAccountName": f"{name}-account"}
    return {
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "there", **metadata},
        "spec": {"template": {"spec": pod}},
        "status": {"availableReplicas": 1},
    }


def api_service(name: str, available: str = "True") -> dict[str, Any]:
    """The API of this name."""
    conditions = [{"type": "Available", "status": available}]
    return {"kind": "APIService", "metadata": {"name": name}, "status": {"conditions": conditions}}
