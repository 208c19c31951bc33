"""Who reaches whom on the cluster: connections tried from inside of pods."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from python_pod import listens, pod_spec

from cluster.commands import kubectl
from cluster.release import Platform, make_namespace

Flow = tuple[str, str, int]

STRANGER, STRANGERS_PORT = "stranger", 8000
# Runs in a pod. What a policy forbids gets no answer, or a refusal.
ATTEMPT = """
import socket, sys
from concurrent.futures import ThreadPoolExecutor

def is_open(address):
    host, port = address.split(":")
    try:
        socket.create_connection((host, int(port)), timeout=3).close()
    except OSError:
        return False
    return True

addresses = sys.argv[1:]
with ThreadPoolExecutor(len(addresses)) as pool:
    print(*(each for each, found in zip(addresses, pool.map(is_open, addresses)) if found))
"""


@dataclass(frozen=True, slots=True)
class Pod:
    """One that runs, and where it is reached."""

    namespace: str
    name: str
    address: str


def running_pod(namespace: str, labels: Mapping[str, str]) -> Pod:
    """The first one with these labels."""
    selector = ",".join(f"{name}={value}" for name, value in labels.items())
    query = (f"--selector={selector}", "--field-selector=status.phase=Running", "--output=json")
    first, *_ = json.loads(kubectl(namespace, "get", "pods", *query))["items"]
    return Pod(namespace, first["metadata"]["name"], first["status"]["podIP"])


def stranger(platform: Platform, namespace: str, labels: Mapping[str, str]) -> Pod:
    """A new pod that is no part of the platform; listens at STRANGERS_PORT."""
    labels = {**labels, "stranger": "yes"}
    command = ("python", "-m", "http.server", f"{STRANGERS_PORT}", "--directory", "/tmp")
    spec = pod_spec(platform, STRANGER, command, readinessProbe=listens(STRANGERS_PORT))
    metadata = {"name": STRANGER, "labels": labels}
    manifest = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}
    make_namespace(namespace)
    kubectl(namespace, "apply", "--filename=-", text=json.dumps(manifest))
    kubectl(namespace, "wait", f"pod/{STRANGER}", "--for=condition=Ready", "--timeout=60s")
    return running_pod(namespace, labels)


def open_flows(
    sources: Mapping[str, Pod], targets: Mapping[str, Pod], ports: Mapping[str, Iterable[int]]
) -> set[Flow]:
    """Which source reaches which port of which other target, by their names."""
    addresses = {
        f"{pod.address}:{port}": (name, port)
        for name, pod in targets.items()
        for port in ports[name]
    }
    return {
        (source, *addresses[address])
        for source, pod in sources.items()
        for address in _reached(pod, [*addresses])
        if addresses[address][0] != source
    }


def _reached(pod: Pod, addresses: Sequence[str]) -> list[str]:
    tried = ("exec", pod.name, "--", "python", "-c", ATTEMPT, *addresses)
    return kubectl(pod.namespace, *tried, seconds=60).split()
