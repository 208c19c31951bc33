"""`make operators` on a cluster that has them, and what it tells of one that looks elsewhere."""

import json
import subprocess
import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from click.testing import CliRunner

from cluster.__main__ import main
from cluster.commands import kubectl, run
from cluster.operators import KEDA, PROMETHEUS, SPARK, STRIMZI, Operator
from cluster.presence import Seen, deployments_of, look
from cluster.release import remove_namespaces
from cluster.watching import mending_command, watched

ELSEWHERE: dict[str, dict[str, Any]] = {
    "strimzi": {"env": [{"name": "STRIMZI_NAMESPACE", "value": "elsewhere"}]},
    "keda": {"env": [{"name": "WATCH_NAMESPACE", "value": "elsewhere"}]},
    "spark-operator": {"args": ["controller", "--namespaces=elsewhere", "--verbose"]},
    "prometheus": {"args": ["--namespaces=elsewhere"]},
}


@pytest.fixture
def namespace() -> Iterator[str]:
    name = f"operators-{uuid.uuid4().hex[:6]}"
    run("kubectl", "create", "namespace", name)
    yield name
    remove_namespaces(name)


def _generations() -> dict[str, int]:
    """Of the operators' Deployments, by uid; a change of its spec raises it."""
    cluster = look()
    found = (each for op in (STRIMZI, SPARK) for each in deployments_of(op, cluster))
    return {each["metadata"]["uid"]: each["metadata"]["generation"] for each in found}


def test_operators_that_are_there_are_told_and_left_alone() -> None:
    before = _generations()
    ran = CliRunner().invoke(main, ["operators"])
    assert ran.exit_code == 0, ran.output
    for name in ("strimzi", "spark-operator", "metrics-server"):
        assert f"{name}: there already" in ran.output
        assert f"{name}: available" in ran.output
    assert _generations() == before


@pytest.mark.parametrize("operator", (STRIMZI, KEDA, SPARK, PROMETHEUS), ids=lambda op: op.name)
def test_the_command_that_is_told_lets_an_operator_watch_all_namespaces(
    namespace: str, operator: Operator
) -> None:
    assert operator.watch
    # Strimzi's further rights are the whole cluster's: not for a test to give.
    watch = replace(operator.watch, roles=())
    _put(namespace, operator)
    (deployed,) = _seen(namespace).deployments
    assert watched(watch, deployed) == frozenset({"elsewhere"})
    command = mending_command(operator, watch, deployed, _seen(namespace), "sky")
    subprocess.run(command, shell=True, check=True, capture_output=True)
    (mended,) = _seen(namespace).deployments
    assert watched(watch, mended) is None


def _put(namespace: str, operator: Operator) -> None:
    """A Deployment as that of an operator that watches elsewhere, of no pods."""
    labels = {"app": operator.name}
    container = {"name": operator.containers[0], "image": "none", **ELSEWHERE[operator.name]}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    spec = {"replicas": 0, "selector": {"matchLabels": labels}, "template": template}
    manifest = {"apiVersion": "apps/v1", "kind": "Deployment", "spec": spec}
    manifest |= {"metadata": {"name": operator.name, "namespace": namespace}}
    kubectl(namespace, "apply", "--filename", "-", text=json.dumps(manifest))


def _seen(namespace: str) -> Seen:
    ours = (each for each in look().deployments if each["metadata"]["namespace"] == namespace)
    return Seen({}, tuple(ours))
