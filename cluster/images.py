"""The images on the cluster's nodes."""

from collections.abc import Sequence

from cluster.commands import run

KIND = "kind-"


def load(images: Sequence[str]) -> bool:
    """Hand the images to the nodes of the kind cluster kubectl speaks to; False if it is none."""
    context = run("kubectl", "config", "current-context").strip()
    if not context.startswith(KIND):
        return False
    run("kind", "load", "docker-image", "--name", context.removeprefix(KIND), *images)
    return True
