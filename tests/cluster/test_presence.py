import pytest

from cluster.operators import KEDA, METRICS, PROMETHEUS, SPARK, STRIMZI
from cluster.presence import is_available, is_present, seen
from tests.cluster.manifests import api_service, deployment

KAFKA_API = api_service("v1.kafka.strimzi.io")
SPARK_API = api_service("v1beta2.sparkoperator.k8s.io")
CLUSTER_OPERATOR = deployment("strimzi-cluster-operator", {"name": "strimzi-cluster-operator"})


def cluster(*items):
    return seen({"items": list(items)})


def test_an_operator_is_there_and_available_whoever_installed_it():
    here = cluster(KAFKA_API, CLUSTER_OPERATOR)
    assert is_present(STRIMZI, here)
    assert is_available(STRIMZI, here)


def test_crds_that_an_uninstall_left_are_no_operator():
    left_over = cluster(KAFKA_API)
    assert not is_present(STRIMZI, left_over)
    assert not is_available(STRIMZI, left_over)


def test_an_operator_that_does_not_run_is_there_but_not_available():
    for status in ({}, {"availableReplicas": 0}):
        starting = cluster(KAFKA_API, CLUSTER_OPERATOR | {"status": status})
        assert is_present(STRIMZI, starting)
        assert not is_available(STRIMZI, starting)


def test_a_strimzi_too_old_for_our_resources_is_not_available():
    assert not is_available(
        STRIMZI, cluster(api_service("v1beta2.kafka.strimzi.io"), CLUSTER_OPERATOR)
    )


def test_spark_jobs_wait_for_the_operators_webhook_where_there_is_one():
    controller = deployment("controller", {"name": "spark-operator-controller"})
    webhook = deployment("webhook", {"name": "spark-operator-webhook"})
    assert is_available(SPARK, cluster(SPARK_API, controller))
    assert is_available(SPARK, cluster(SPARK_API, controller, webhook))
    assert not is_available(SPARK, cluster(SPARK_API, controller, webhook | {"status": {}}))


@pytest.mark.parametrize(
    "image",
    [
        "quay.io/prometheus-operator/prometheus-operator:v0.85.0",
        "mirror:5000/prometheus-operator@sha256:00",
    ],
)
def test_the_prometheus_operator_is_known_by_its_image_as_its_chart_names_it_otherwise(image):
    operator = deployment("any", {"name": "kube-prometheus-stack", "image": image})
    assert is_available(PROMETHEUS, cluster(api_service("v1.monitoring.coreos.com"), operator))


def test_metrics_are_there_whatever_program_serves_them():
    api = "v1beta1.metrics.k8s.io"
    assert is_available(METRICS, cluster(api_service(api)))
    not_yet = cluster(api_service(api, available="False"))
    assert is_present(METRICS, not_yet)
    assert not is_available(METRICS, not_yet)
    assert not is_present(METRICS, cluster())


def test_keda_is_available_once_it_also_serves_its_metrics():
    items = [api_service("v1alpha1.keda.sh"), deployment("keda", {"name": "keda-operator"})]
    api = "v1beta1.external.metrics.k8s.io"
    assert not is_available(KEDA, cluster(*items))
    assert not is_available(KEDA, cluster(*items, api_service(api, available="False")))
    assert is_available(KEDA, cluster(*items, api_service(api)))
