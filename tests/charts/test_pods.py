"""What holds for every pod of the platform, whoever makes it."""

import pytest

from services.alerting.__main__ import main as alerting
from services.archiving.__main__ import main as archiving
from services.website.__main__ import main as website
from simulator.__main__ import run as simulator
from tests.charts.manifests import Manifest, containers, environment, of_kind, pods

RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "runAsNonRoot": True,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}
COMMANDS = {
    "simulator": simulator,
    "alerting": alerting,
    "archiving": archiving,
    "website": website,
}
SERVICES = tuple(COMMANDS)


def test_there_is_a_pod_of_every_part(everything: list[Manifest]) -> None:
    owners = {pod.owner for pod in pods(everything)}
    assert owners == {
        "Deployment dw-simulator",
        "Deployment dw-alerting",
        "Deployment dw-archiving",
        "CronJob dw-archiving-verify",
        "Deployment dw-notifying-email",
        "Deployment dw-notifying-webhook",
        "Deployment dw-notifying-log",
        "Deployment dw-website",
        "CronJob dw-website-retention",
        "Job dw-website-credentials",
        "StatefulSet dw-minio",
        "Job dw-loading",
        "Job dw-minio-setup-1",
        "Job dw-minio-credentials",
        "Kafka dw kafka",
        "Kafka dw entity-operator",
        "SparkApplication dw-analysis-1 driver",
        "SparkApplication dw-analysis-1 executor",
        "ScheduledSparkApplication dw-analysis-nightly-9de9 driver",
        "ScheduledSparkApplication dw-analysis-nightly-9de9 executor",
    }


def test_no_pod_gets_variables_from_services(everything: list[Manifest]) -> None:
    assert [p.owner for p in pods(everything) if p.spec["enableServiceLinks"] is not False] == []


def test_every_pod_is_restricted(everything: list[Manifest]) -> None:
    for pod in pods(everything):
        assert pod.spec["securityContext"]["runAsNonRoot"], pod.owner
        assert pod.spec["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault", pod.owner
        assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.spec.keys(), pod.owner
        assert all("hostPath" not in volume for volume in pod.spec.get("volumes", ())), pod.owner


def test_every_container_is_restricted(everything: list[Manifest]) -> None:
    for pod in pods(everything):
        for container in containers(pod):
            assert container["securityContext"].items() >= RESTRICTED.items(), pod.owner


def test_our_own_containers_cannot_write_to_their_image(everything: list[Manifest]) -> None:
    for pod in pods(everything):
        if not pod.owner.startswith("Kafka"):
            contexts = [c["securityContext"] for c in containers(pod)]
            assert all(context["readOnlyRootFilesystem"] for context in contexts), pod.owner
            assert pod.spec["securityContext"]["runAsUser"] > 0, pod.owner


def test_only_who_uses_the_api_has_a_token(everything: list[Manifest]) -> None:
    with_token = {p.owner for p in pods(everything) if p.spec.get("automountServiceAccountToken")}
    assert with_token == {
        "Job dw-minio-credentials",
        "Job dw-website-credentials",
        "SparkApplication dw-analysis-1 driver",
        "ScheduledSparkApplication dw-analysis-nightly-9de9 driver",
    }
    accounts = of_kind(everything, "ServiceAccount").values()
    assert [a for a in accounts if a["automountServiceAccountToken"] is not False] == []


def test_no_role_reads_secrets(everything: list[Manifest]) -> None:
    for role in of_kind(everything, "Role").values():
        for rule in role["rules"]:
            assert "secrets" not in rule["resources"] or rule["verbs"] == ["create"]
            assert "*" not in rule["resources"] + rule["verbs"]


def test_every_container_says_what_it_needs_and_takes(everything: list[Manifest]) -> None:
    for pod in pods(everything):
        if pod.owner.startswith(("Deployment", "StatefulSet", "Job", "CronJob")):
            for container in containers(pod):
                assert container["resources"]["requests"].keys() >= {"cpu", "memory"}, pod.owner
                assert "memory" in container["resources"]["limits"], pod.owner


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_restarted_if_its_loop_hangs_and_left_out_while_it_is_not_ready(
    everything: list[Manifest], name: str
) -> None:
    pod = next(p for p in pods(everything) if p.owner == f"Deployment dw-{name}")
    (container,) = pod.spec["containers"]
    assert container["livenessProbe"]["httpGet"]["path"] == "/livez"
    assert container["startupProbe"]["httpGet"]["path"] == "/livez"
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_reaches_kafka_as_itself_with_what_strimzi_made(
    everything: list[Manifest], name: str
) -> None:
    pod = next(p for p in pods(everything) if p.owner == f"Deployment dw-{name}")
    variables = environment(pod)
    assert variables["DRONEWATCH_KAFKA_SECURITY_PROTOCOL"] == "SASL_SSL"
    assert variables["DRONEWATCH_KAFKA_BOOTSTRAP_SERVERS"] == "dw-kafka-bootstrap:9093"
    assert variables["DRONEWATCH_KAFKA_USERNAME"] in of_kind(everything, "KafkaUser")
    password = {"secretKeyRef": {"name": f"dw-{name}", "key": "password"}}
    assert variables["DRONEWATCH_KAFKA_PASSWORD"] == password
    authority = next(v for v in pod.spec["volumes"] if v["name"] == "kafka-ca")
    assert authority["secret"]["secretName"] == "dw-cluster-ca-cert"


def test_selectors_of_one_part_match_no_other(everything: list[Manifest]) -> None:
    workloads = [
        *of_kind(everything, "Deployment").values(),
        of_kind(everything, "StatefulSet")["dw-minio"],
    ]
    for workload in workloads:
        wanted = workload["spec"]["selector"]["matchLabels"].items()
        matched = {p.owner for p in pods(everything) if p.labels.items() >= wanted}
        assert matched == {f"{workload['kind']} {workload['metadata']['name']}"}


def test_a_settings_name_is_one_that_the_program_knows(everything: list[Manifest]) -> None:
    for name, command in COMMANDS.items():
        pod = next(p for p in pods(everything) if p.owner == f"Deployment dw-{name}")
        known = {f"DRONEWATCH_{option.name.upper()}" for option in command.params}
        passwords = {"DRONEWATCH_KAFKA_PASSWORD", "DRONEWATCH_S3_SECRET_KEY"}
        assert environment(pod).keys() <= known | passwords
