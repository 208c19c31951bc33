"""The platform as a Helm release: made, changed, taken back, removed."""

import json
from dataclasses import dataclass
from pathlib import Path

from cluster.commands import kubectl, run

CHART = Path(__file__).parents[1] / "charts" / "dronewatch"
SMALL_VALUES = CHART / "ci" / "kind-values.yaml"
PATIENCE = "10m"
NAMESPACE_LABELS = {"pod-security.kubernetes.io/enforce": "restricted"}


@dataclass(frozen=True, slots=True)
class Platform:
    """A release of the umbrella chart, and the namespace it stands in."""

    namespace: str = "dronewatch"
    release: str = "dronewatch"

    def named(self, part: str) -> str:
        """Name of a part's Deployment, StatefulSet, HPA or Kafka user."""
        return f"{self.release}-{part}"

    def __str__(self) -> str:
        return f"{self.release} in namespace {self.namespace}"

    @property
    def selector(self) -> str:
        """Label selector of what the release made."""
        return f"app.kubernetes.io/instance={self.release}"


def make_namespace(name: str) -> None:
    """The namespace, in which Pod Security lets only restricted pods in; fine if it is there."""
    metadata = {"name": name, "labels": NAMESPACE_LABELS}
    manifest = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
    run("kubectl", "apply", "--filename", "-", text=json.dumps(manifest))


def install(platform: Platform, *arguments: str, values: Path = SMALL_VALUES) -> None:
    """Install or upgrade with the values and Helm's further arguments; returns when all is ready.

    ClickException with Helm's words if that fails or takes too long.
    """
    make_namespace(platform.namespace)
    _helm(
        platform,
        *("upgrade", "--install", platform.release, str(CHART), "--values", str(values)),
        *("--wait", "--timeout", PATIENCE, *arguments),
    )


def roll_back(platform: Platform, revision: int | None = None) -> None:
    """To the revision, or the one before; returns when all is ready."""
    to = () if revision is None else (str(revision),)
    _helm(platform, "rollback", platform.release, *to, "--wait", "--timeout", PATIENCE)


def uninstall(platform: Platform) -> None:
    """Remove the release; what it keeps, it keeps (docs/operations.md)."""
    _helm(platform, "uninstall", platform.release, "--ignore-not-found", "--wait")


def remove_namespaces(*names: str) -> None:
    """The namespaces with all that is in them, volumes too."""
    run("kubectl", "delete", "namespace", *names, "--ignore-not-found", "--timeout", "300s")


def replicas(platform: Platform, part: str) -> int:
    """Ready pods of a part's Deployment."""
    path = "jsonpath={.status.readyReplicas}"
    found = kubectl(platform.namespace, "get", "deployment", platform.named(part), "--output", path)
    return int(found or 0)


def _helm(platform: Platform, *arguments: str) -> None:
    run("helm", *arguments, "--namespace", platform.namespace)
