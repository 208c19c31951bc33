"""The images on the cluster's nodes."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from cluster import kind
from cluster.commands import run

NOTES = Path(".run/images")


def load(images: Sequence[str]) -> Sequence[str] | None:
    """Hand the images to the nodes of the kind cluster kubectl speaks to; None if it is none.

    Those that it got before, unchanged, are left out: what was handed over is noted by the
    cluster's own id.
    """
    context = kind.context()
    if not kind.is_kind(context):
        return None
    note = NOTES / f"{_cluster_id()}.json"
    present = {image: _image_id(image) for image in images}
    handed = json.loads(note.read_text()) if note.exists() else {}
    fresh = changed(present, handed)
    if fresh:
        run("kind", "load", "docker-image", "--name", context.removeprefix(kind.PREFIX), *fresh)
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_text(json.dumps(handed | present))
    return fresh


def changed(present: Mapping[str, str], handed: Mapping[str, str]) -> list[str]:
    """The images whose ids differ from those handed over. Pure."""
    return [image for image, identity in present.items() if handed.get(image) != identity]


def _image_id(image: str) -> str:
    return run("docker", "image", "inspect", "--format", "{{.Id}}", image).strip()


def _cluster_id() -> str:
    path = "jsonpath={.metadata.uid}"
    return run("kubectl", "get", "namespace", "kube-system", "--output", path)
