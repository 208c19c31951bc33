"""The network policies where a network plugin enforces them; skipped where none does.

The shared platform gets them for a while.
"""

import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from fleet import FLEET, adds_up, sent_more_than
from network import STRANGER, STRANGERS_PORT, Flow, Pod, open_flows, running_pod, stranger
from spark import names, watched

from cluster.commands import kubectl
from cluster.release import Platform, remove_namespaces
from local.processes import Goal, await_until

LIBRARY = Path(__file__).parents[1] / "charts" / "dronewatch-lib" / "values.yaml"
# Of the library's peers those whose pods have a Python, to try connections with,
SOURCES = ("simulator", "alerting", "archiving", "notifying-log", "website")
# and those that listen.
TARGETS = (*SOURCES, "kafka", "store")
# Of the others those that a stranger can pass for: all of their namespace are let in.
PASSED_FOR = ("prometheus", "ingress", "keda")
BESIDE, ELSEWHERE = "a pod beside", "a namesake elsewhere"
# Kafka's metrics are off.
SILENT = {("prometheus", "kafka", 9404)}
REPORTS = 1_500
ENFORCED = Goal("the network plugin should do what a policy says", 15)
SETTLED = Goal("the documented flows should be open, and no others", 60)

Pods = Mapping[str, Pod]
Upgrade = Callable[..., None]


@pytest.fixture(scope="module")
def outside(platform: Platform) -> Iterator[Pods]:
    """Strangers: one in the platform's namespace, the others in namespaces of their own."""
    mark, namesake = uuid.uuid4().hex[:6], pod_labels(platform, {"component": "archiving"})
    namespaces = {name: f"outside-{mark}-{n}" for n, name in enumerate((*PASSED_FOR, ELSEWHERE))}
    try:
        yield {
            BESIDE: stranger(platform, platform.namespace, {}),
            **{name: stranger(platform, where, namesake) for name, where in namespaces.items()},
        }
    finally:
        kubectl(platform.namespace, "delete", "pod", STRANGER, "--ignore-not-found")
        remove_namespaces(*namespaces.values())


@pytest.fixture(scope="module")
def enforced(outside: Pods) -> None:
    """A policy that lets nobody in lets nobody in."""
    ends = ({BESIDE: outside[BESIDE]}, {ELSEWHERE: outside[ELSEWHERE]})
    ports = {ELSEWHERE: [STRANGERS_PORT]}
    assert open_flows(*ends, ports)
    spec = {"podSelector": {}, "policyTypes": ["Ingress"]}
    policy = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "spec": spec}
    text = json.dumps(policy | {"metadata": {"name": "nobody"}})
    namespace = outside[ELSEWHERE].namespace
    kubectl(namespace, "apply", "--filename=-", text=text)
    try:
        await_until(lambda: not open_flows(*ends, ports), [], ENFORCED, look_seconds=1.0)
    except click.ClickException:
        pytest.skip("this cluster's network plugin does not enforce network policies")
    finally:
        kubectl(namespace, "delete", "--filename=-", text=text)


@pytest.fixture(scope="module")
def upgrade(
    platform: Platform, installed: Upgrade, outside: Pods, enforced: None
) -> Iterator[Upgrade]:
    """`upgrade("--set", "a=1")`: the platform with policies; at the end without."""
    namespaces = {name: outside[name].namespace for name in PASSED_FOR}
    policies = f"global.networkPolicy={json.dumps({'enabled': True, 'namespaces': namespaces})}"

    def upgraded(*arguments: str) -> None:
        installed(platform, *FLEET, "--set-json", policies, *arguments)

    yield upgraded
    installed(platform, *FLEET)


@pytest.fixture(scope="module")
def protected(platform: Platform, upgrade: Upgrade) -> Platform:
    """With policies; reports have come since."""
    upgrade()
    sent_more_than(platform, REPORTS)
    return platform


@pytest.fixture(scope="module")
def library() -> dict[str, Any]:
    """The tables of peers and flows from which the policies are rendered."""
    found: dict[str, Any] = yaml.safe_load(LIBRARY.read_text())
    return found


@pytest.fixture
def insiders(protected: Platform, library: dict[str, Any]) -> Pods:
    """A pod of each of the platform's parts that listen."""
    labels = {name: pod_labels(protected, library["peers"][name]) for name in TARGETS}
    return {name: running_pod(protected.namespace, labels[name]) for name in TARGETS}


def pod_labels(platform: Platform, peer: Mapping[str, str]) -> dict[str, str]:
    if "strimzi" in peer:
        return {"strimzi.io/name": platform.named(peer["strimzi"])}
    return {
        "app.kubernetes.io/instance": platform.release,
        "app.kubernetes.io/component": peer["component"],
    }


def test_exactly_the_documented_flows_are_open(
    insiders: Pods, outside: Pods, library: dict[str, Any]
) -> None:
    documented = {(flow["from"], flow["to"], flow["port"]) for flow in library["flows"]} - SILENT
    tried: dict[str, Pod] = {name: insiders[name] for name in SOURCES} | dict(outside)
    ports = {name: {port for _, to, port in documented if to == name} for name in TARGETS}
    ports |= {name: {STRANGERS_PORT} for name in outside}
    # Strangers are not the platform's to keep apart; that they meet shows that they can call.
    strangers = {(a, b, STRANGERS_PORT) for a in outside for b in outside if a != b}
    expected = {flow for flow in documented if flow[0] in tried and flow[1] in ports} | strangers

    def found() -> set[Flow]:
        return open_flows(tried, {**insiders, **outside}, ports)

    with suppress(click.ClickException):
        await_until(lambda: found() == expected, [], SETTLED, look_seconds=1.0)
    assert found() == expected


def test_policies_are_in_no_reports_way(protected: Platform) -> None:
    adds_up(protected)


def test_policies_are_in_no_questions_way(protected: Platform, upgrade: Upgrade) -> None:
    upgrade("--set=analysis.run.enabled=true", "--wait=false")
    (name,) = names(protected, "sparkapplications", f"--selector={protected.selector}")
    assert watched(protected, name).state == "COMPLETED"
