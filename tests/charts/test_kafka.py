"""Kafka as Strimzi is asked for it."""

import pytest

from services.reports.topics import TOPICS
from tests.charts.conftest import Render
from tests.charts.manifests import Manifest, of_kind


@pytest.fixture(scope="module")
def kafka(render: Render) -> list[Manifest]:
    return render("kafka")


def test_the_topics_are_those_of_the_one_machine_platform(kafka: list[Manifest]) -> None:
    found = {t["spec"]["topicName"]: t["spec"] for t in of_kind(kafka, "KafkaTopic").values()}
    assert found.keys() == {topic.name for topic in TOPICS}
    for topic in TOPICS:
        assert found[topic.name]["partitions"] == topic.partitions
        config = {key: str(value) for key, value in found[topic.name]["config"].items()}
        assert config.items() >= dict(topic.configs).items()


def test_nothing_acknowledged_is_lost_with_one_broker(kafka: list[Manifest]) -> None:
    config = of_kind(kafka, "Kafka")["dw"]["spec"]["kafka"]["config"]
    assert config["unclean.leader.election.enable"] is False
    assert config["auto.create.topics.enable"] is False
    assert config["offsets.topic.replication.factor"] == 3
    for topic in of_kind(kafka, "KafkaTopic").values():
        assert topic["spec"]["replicas"] == 3
        assert topic["spec"]["config"]["min.insync.replicas"] == 2


def test_its_volumes_are_claims(kafka: list[Manifest]) -> None:
    (volume,) = of_kind(kafka, "KafkaNodePool")["dw-nodes"]["spec"]["storage"]["volumes"]
    assert volume["type"] == "persistent-claim"


def test_the_only_way_in_is_scram_over_tls(kafka: list[Manifest]) -> None:
    spec = of_kind(kafka, "Kafka")["dw"]["spec"]["kafka"]
    (listener,) = spec["listeners"]
    assert listener["tls"]
    assert listener["authentication"] == {"type": "scram-sha-512"}
    assert spec["authorization"] == {"type": "simple"}


def test_each_user_has_the_rights_of_its_component_and_no_others(kafka: list[Manifest]) -> None:
    rights = {
        name: {
            (acl["resource"]["type"], acl["resource"]["name"], operation)
            for acl in user["spec"]["authorization"]["acls"]
            for operation in acl["operations"]
        }
        for name, user in of_kind(kafka, "KafkaUser").items()
    }
    reading = ("Read", "Describe", "DescribeConfigs")
    read = {("topic", "reports", operation) for operation in reading}
    told = {("topic", "alerts", operation) for operation in reading}
    given_up = ("alerts-retry-email", "alerts-retry-webhook", "alerts-undelivered")
    works = ("", "-retries", "-resend")
    groups = {"log", *(f"{channel}{work}" for channel in ("email", "webhook") for work in works)}
    assert rights == {
        "dw-simulator": {("topic", "reports", "Write"), ("topic", "reports", "Describe")},
        "dw-loading": {("topic", "reports", "Write"), ("topic", "reports", "Describe")},
        "dw-archiving": read | {("group", "archiving", "Read")},
        "dw-alerting": read
        | {("group", "alerting", "Read")}
        | {
            ("topic", topic, operation)
            for topic in ("alerts", "reports-rejected")
            for operation in ("Write", "Describe")
        },
        "dw-website": told | {("group", "website", "Read")},
        "dw-notifying": told
        | {("group", f"notifying-{group}", "Read") for group in groups}
        | {("topic", topic, operation) for topic in given_up for operation in (*reading, "Write")},
    }


def test_topics_do_not_hold_back_an_uninstall(kafka: list[Manifest]) -> None:
    template = of_kind(kafka, "Kafka")["dw"]["spec"]["entityOperator"]["template"]
    finalizers = {"name": "STRIMZI_USE_FINALIZERS", "value": "false"}
    assert finalizers in template["topicOperatorContainer"]["env"]


def test_its_own_metrics_are_told_only_if_asked_for(render: Render, kafka: list[Manifest]) -> None:
    assert "metricsConfig" not in of_kind(kafka, "Kafka")["dw"]["spec"]["kafka"]
    told = render("kafka", "--set=metrics.enabled=true")
    config = of_kind(told, "Kafka")["dw"]["spec"]["kafka"]["metricsConfig"]
    assert config == {"type": "strimziMetricsReporter"}
    assert not of_kind(told, "PodMonitor")


def test_prometheus_reads_its_metrics_from_the_brokers_pods(everything: list[Manifest]) -> None:
    spec = of_kind(everything, "PodMonitor")["dw-kafka"]["spec"]
    brokers = {"strimzi.io/cluster": "dw", "strimzi.io/name": "dw-kafka"}
    assert spec["selector"]["matchLabels"] == brokers
    (endpoint,) = spec["podMetricsEndpoints"]
    assert (endpoint["port"], endpoint["path"]) == ("tcp-prometheus", "/metrics")


def test_another_cluster_of_the_namespace_can_be_used(render: Render) -> None:
    manifests = render("alerting", "--set=global.kafka.cluster=shared")
    assert "shared-kafka-bootstrap:9093" in str(manifests)
    assert "shared-cluster-ca-cert" in str(manifests)
