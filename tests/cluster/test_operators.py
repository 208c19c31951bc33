import shlex

import pytest

from cluster.operators import (
    KEDA,
    METRICS,
    PROMETHEUS,
    ROOT,
    SPARK,
    STRIMZI,
    installation,
    wanted,
)

EVERY = wanted(monitoring=True, keda=True)


def test_what_the_platform_only_may_use_is_installed_on_demand():
    assert wanted(monitoring=False, keda=False) == (STRIMZI, SPARK, METRICS)
    assert set(EVERY) == {STRIMZI, SPARK, METRICS, PROMETHEUS, KEDA}


def test_strimzis_chart_is_installed_by_a_command_that_a_person_could_type():
    assert shlex.join(installation(STRIMZI, on_kind=True)) == (
        "helm upgrade --install strimzi oci://quay.io/strimzi-helm/strimzi-kafka-operator"
        " --version 1.2.0 --namespace strimzi --create-namespace --set-json=watchAnyNamespace=true"
    )


def test_the_spark_operator_gets_the_values_that_stand_in_its_folder():
    command = installation(SPARK, on_kind=False)
    values_file = command[command.index("--values") + 1]
    assert values_file.endswith("/spark-operator/values.yaml")
    assert SPARK.values_file
    assert 'jobNamespaces: [""]' in SPARK.values_file.read_text()


def test_kubelets_certificates_go_unchecked_on_kind_only():
    unchecked = '--set-json=args=["--kubelet-insecure-tls"]'
    assert unchecked in installation(METRICS, on_kind=True)
    assert unchecked not in installation(METRICS, on_kind=False)


@pytest.mark.parametrize("operator", EVERY, ids=lambda operator: operator.name)
def test_every_chart_comes_at_a_pinned_version_from_a_public_address(operator):
    command = shlex.join(installation(operator, on_kind=False))
    assert operator.version.count(".") == 2
    assert f" --version {operator.version} " in command
    addresses = ("oci://", "https://") if not operator.repository else (f"{operator.chart} --repo",)
    assert any(f" {operator.name} {address}" in command for address in addresses)
    assert "{" not in operator.chart.format(version=operator.version)


@pytest.mark.parametrize("operator", EVERY, ids=lambda operator: operator.name)
def test_no_folder_of_ours_can_be_taken_for_a_chart(operator):
    assert not (ROOT / installation(operator, on_kind=False)[4]).exists()
