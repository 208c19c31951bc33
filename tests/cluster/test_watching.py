import pytest

from cluster.operators import KEDA, METRICS, PROMETHEUS, SPARK, STRIMZI
from cluster.presence import Seen
from cluster.watching import unwatched
from tests.cluster.manifests import deployment

OWN_NAMESPACE = {"valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}}
BY_HELM = {"annotations": {"meta.helm.sh/release-name": "mine"}}


def strimzi(*env, **metadata):
    container = {"name": "strimzi-cluster-operator", "env": list(env)}
    return deployment("strimzi-cluster-operator", container, **metadata)


def strimzi_watching(namespaces, **metadata):
    return strimzi({"name": "STRIMZI_NAMESPACE", "value": namespaces}, **metadata)


def spark(*arguments, **metadata):
    container = {"name": "spark-operator-controller", "args": ["controller", "start", *arguments]}
    return deployment("spark-operator-controller", container, **metadata)


def keda(name, namespaces):
    env = [{"name": "WATCH_NAMESPACE", "value": namespaces}]
    return deployment(name, {"name": name, "env": env})


def told(operator, *deployments):
    return unwatched(operator, Seen({}, deployments), "sky")


@pytest.mark.parametrize(
    ("operator", "deployed"),
    [
        (STRIMZI, strimzi()),
        (STRIMZI, strimzi_watching("*")),
        (STRIMZI, strimzi_watching("kafka, sky")),
        (STRIMZI, strimzi({"name": "STRIMZI_NAMESPACE", **OWN_NAMESPACE}, namespace="sky")),
        (SPARK, spark()),
        (SPARK, spark('--namespaces=""')),
        (SPARK, spark("--namespaces=default,sky")),
        (KEDA, keda("keda-operator", "")),
        (KEDA, keda("keda-operator", "sky")),
        (PROMETHEUS, deployment("p", {"name": "prometheus-operator"})),
        (
            PROMETHEUS,
            deployment("p", {"name": "prometheus-operator", "args": ["--namespaces=sky"]}),
        ),
    ],
)
def test_an_operator_that_watches_the_namespace_is_no_problem(operator, deployed):
    assert told(operator, deployed) is None


def test_what_is_not_there_or_watches_nothing_is_no_problem():
    assert told(STRIMZI) is None
    assert told(METRICS) is None


def test_one_of_several_is_enough():
    assert told(STRIMZI, strimzi_watching("ground"), strimzi_watching("sky")) is None


@pytest.mark.parametrize(
    ("operator", "deployed", "watches"),
    [
        (STRIMZI, strimzi({"name": "STRIMZI_NAMESPACE", **OWN_NAMESPACE}), "there"),
        (STRIMZI, strimzi_watching("kafka,skyline"), "kafka, skyline"),
        (SPARK, spark("--namespaces=default"), "default"),
        (KEDA, keda("keda-operator", "keda"), "keda"),
        (
            PROMETHEUS,
            deployment("p", {"name": "prometheus-operator", "args": ["--namespaces=monitoring"]}),
            "monitoring",
        ),
    ],
)
def test_one_that_does_not_is_named_with_what_it_watches(operator, deployed, watches):
    problem = told(operator, deployed)
    where = f"there/{deployed['metadata']['name']}"
    assert problem
    assert problem.startswith(f"{operator.name} ({where}) watches {watches} and not sky")


def mending(operator, *deployments):
    problem = told(operator, *deployments)
    assert problem
    return problem.splitlines()[-1]


def test_what_helm_installed_helm_mends_and_does_not_upgrade():
    labels = {"labels": {"chart": "strimzi-kafka-operator-1.1.0"}}
    assert mending(STRIMZI, strimzi_watching("kafka", **BY_HELM, **labels)) == (
        "helm upgrade mine oci://quay.io/strimzi-helm/strimzi-kafka-operator --version 1.1.0"
        " --reuse-values --namespace there --set-json=watchAnyNamespace=true"
    )
    labels = {"labels": {"helm.sh/chart": "spark-operator-2.4.0"}}
    assert mending(SPARK, spark("--namespaces=default", **BY_HELM, **labels)) == (
        "helm upgrade mine"
        " https://github.com/kubeflow/spark-operator/releases/download/v2.4.0/spark-operator-2.4.0.tgz"
        " --version 2.4.0 --reuse-values --namespace there"
        " '--set-json=spark.jobNamespaces=[\"\"]'"
    )


def test_the_prometheus_operator_is_told_of_one_more_namespace_by_helm():
    args = ["--namespaces=default,monitoring"]
    deployed = deployment("p", {"name": "prometheus-operator", "args": args}, **BY_HELM)
    assert mending(PROMETHEUS, deployed).endswith(
        ' \'--set-json=prometheusOperator.namespaces.additional=["default", "monitoring", "sky"]\''
    )


def test_a_chart_whose_version_is_unknown_is_taken_at_the_pinned_one():
    assert "--version 2.5.2" in mending(SPARK, spark("--namespaces=default", **BY_HELM))


def test_an_option_is_taken_out_where_it_stands():
    assert mending(SPARK, spark("--verbose", "--namespaces=default")) == (
        "kubectl --namespace there patch deployment spark-operator-controller --type=json"
        ' \'--patch=[{"op": "remove", "path": "/spec/template/spec/containers/0/args/3"}]\''
    )


def test_strimzi_without_helm_also_gets_the_rights_to_act_everywhere():
    commands = mending(STRIMZI, strimzi_watching("kafka")).split(" && ")
    assert commands[:-1] == [
        f"kubectl create clusterrolebinding {role} --clusterrole={role}"
        " --serviceaccount=there:strimzi-cluster-operator-account"
        for role in (
            "strimzi-cluster-operator-namespaced",
            "strimzi-cluster-operator-watched",
            "strimzi-entity-operator",
        )
    ]
    assert commands[-1] == (
        "kubectl --namespace there set env deployment/strimzi-cluster-operator"
        " 'STRIMZI_NAMESPACE=*'"
    )


def test_kedas_metrics_are_mended_with_keda_and_no_stranger_is():
    parts = keda("keda-operator", "keda"), keda("keda-metrics-apiserver", "keda")
    elsewhere = keda("of-another", "x")
    elsewhere["metadata"]["namespace"] = "elsewhere"
    stranger = deployment("stranger", {"name": "stranger"})
    assert mending(KEDA, *parts, elsewhere, stranger) == (
        "kubectl --namespace there set env deployment/keda-operator"
        " deployment/keda-metrics-apiserver WATCH_NAMESPACE="
    )
