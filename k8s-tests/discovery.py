"""Which pods a Prometheus reads, by the PodMonitors' own translation, for one that cannot ask.

Not every build of Prometheus knows how to find pods (Debian's does not). So the operator translates
the PodMonitors for a Prometheus that never runs; the one that runs reads by the same
configuration, and gets the pods told, with the labels that its own discovery would give them.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

PODS_FILE = "/prometheus/pods.json"

Manifest = dict[str, Any]


def told(scrape_config: Manifest) -> Manifest:
    """The operator's scrape configuration of a job, with the pods from the file."""
    (asked,) = scrape_config["kubernetes_sd_configs"]
    namespaces = {
        "source_labels": ["__meta_kubernetes_namespace"],
        "regex": "|".join(asked["namespaces"]["names"]),
        "action": "keep",
    }
    kept = {key: scrape_config[key] for key in scrape_config.keys() - {"kubernetes_sd_configs"}}
    return kept | {
        "file_sd_configs": [{"files": [PODS_FILE]}],
        "relabel_configs": [namespaces, *scrape_config["relabel_configs"]],
    }


def targets(pods: Sequence[Manifest]) -> list[Manifest]:
    """Each port of each pod that has an address, as the file has it."""
    return [target for pod in pods if "podIP" in pod["status"] for target in _targets(pod)]


def _targets(pod: Manifest) -> Iterator[Manifest]:
    address, labels = pod["status"]["podIP"], _labels(pod)
    for container in pod["spec"]["containers"]:
        for port in container.get("ports", ()):
            number = str(port["containerPort"])
            yield {
                "targets": [f"{address}:{number}"],
                "labels": labels
                | {
                    "__meta_kubernetes_pod_container_name": container["name"],
                    "__meta_kubernetes_pod_container_port_name": port.get("name", ""),
                    "__meta_kubernetes_pod_container_port_number": number,
                },
            }


def _labels(pod: Manifest) -> dict[str, str]:
    metadata: Mapping[str, Any] = pod["metadata"]
    own = {re.sub(r"\W", "_", name): value for name, value in metadata["labels"].items()}
    return {
        "__meta_kubernetes_namespace": metadata["namespace"],
        "__meta_kubernetes_pod_name": metadata["name"],
        "__meta_kubernetes_pod_phase": pod["status"]["phase"],
        **{f"__meta_kubernetes_pod_label_{name}": value for name, value in own.items()},
        **{f"__meta_kubernetes_pod_labelpresent_{name}": "true" for name in own},
    }
