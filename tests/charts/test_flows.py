"""The rendered NetworkPolicies against the table of flows in docs/security.md."""

from itertools import product

import pytest
import yaml

from tests.charts.conftest import EVERYTHING_ON, REPOSITORY, Render
from tests.charts.manifests import Manifest, of_kind, pods
from tests.charts.network import Endpoint, Policy, is_allowed

Flow = tuple[str, str, int]

OWNERS = {
    "simulator": "Deployment dw-simulator",
    "alerting": "Deployment dw-alerting",
    "archiving": "Deployment dw-archiving",
    "archiving-verify": "CronJob dw-archiving-verify",
    "loading": "Job dw-loading",
    "notifying-email": "Deployment dw-notifying-email",
    "notifying-webhook": "Deployment dw-notifying-webhook",
    "notifying-log": "Deployment dw-notifying-log",
    "website": "Deployment dw-website",
    "website-retention": "CronJob dw-website-retention",
    "website-credentials": "Job dw-website-credentials",
    "store": "StatefulSet dw-minio",
    "store-setup": "Job dw-minio-setup-1",
    "credentials": "Job dw-minio-credentials",
    "analysis-driver": "SparkApplication dw-analysis-1 driver",
    "analysis-executor": "SparkApplication dw-analysis-1 executor",
    "kafka": "Kafka dw kafka",
    "kafka-entities": "Kafka dw entity-operator",
}
OUTSIDE = {
    "kafka-operator": Endpoint("strimzi", {"name": "strimzi-cluster-operator"}),
    "keda": Endpoint("keda", {"app": "keda-operator"}),
    "prometheus": Endpoint("monitoring", {"app.kubernetes.io/name": "prometheus"}),
    "api-server": Endpoint(address="192.0.2.1"),
    "mail-server": Endpoint(address="192.0.2.3"),
    "webhook-receiver": Endpoint(address="192.0.2.4"),
    "ingress": Endpoint("ingress-nginx", {"app.kubernetes.io/name": "ingress-nginx"}),
    "database": Endpoint(address="192.0.2.5"),
}
EXTERNAL_STORE = Endpoint(address="192.0.2.2")
STRANGERS = {
    "a pod beside": Endpoint("sky", {"app": "stranger"}),
    "a pod elsewhere": Endpoint("elsewhere", {"app": "stranger"}),
    "a namesake elsewhere": Endpoint(
        "elsewhere",
        {"app.kubernetes.io/instance": "dw", "app.kubernetes.io/component": "archiving"},
    ),
    "somebody outside": Endpoint(address="198.51.100.1"),
}
DNS = Endpoint("kube-system", {"k8s-app": "kube-dns"})
PORTS = (443, 587, 4040, 5432, 7078, 7079, 8000, 8080, 8081, 8443, 9000, 9090, 9091, 9093, 9404)


def documented_flows() -> set[Flow]:
    """The table in docs/security.md."""
    text = (REPOSITORY / "docs" / "security.md").read_text()
    table = text.partition("| from | to | port | for |")[2].partition("\n\n")[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]
    ]
    return {(source, target, int(port)) for source, target, port, _ in rows}


@pytest.fixture(scope="module")
def policies(everything: list[Manifest]) -> list[Policy]:
    return list(of_kind(everything, "NetworkPolicy").values())


@pytest.fixture(scope="module")
def endpoints(everything: list[Manifest]) -> dict[str, Endpoint]:
    labels = {pod.owner: pod.labels for pod in pods(everything)}
    ours = {name: Endpoint("sky", labels[owner]) for name, owner in OWNERS.items()}
    return ours | OUTSIDE


def test_the_documented_flows_are_those_of_the_library() -> None:
    library = yaml.safe_load((REPOSITORY / "charts/dronewatch-lib/values.yaml").read_text())
    flows = {(flow["from"], flow["to"], flow["port"]) for flow in library["flows"]}
    assert flows == documented_flows()
    assert len(flows) == len(library["flows"])


def test_exactly_the_documented_flows_are_allowed(
    policies: list[Policy], endpoints: dict[str, Endpoint]
) -> None:
    allowed = {
        (source, target, port)
        for source, target, port in product(endpoints, endpoints, PORTS)
        if (source in OWNERS or target in OWNERS)
        and is_allowed(policies, endpoints[source], endpoints[target], port)
    }
    assert allowed == documented_flows()


@pytest.mark.parametrize("stranger", STRANGERS.values(), ids=STRANGERS)
def test_strangers_are_neither_heard_nor_asked(
    policies: list[Policy], endpoints: dict[str, Endpoint], stranger: Endpoint
) -> None:
    for name, port in product(OWNERS, PORTS):
        assert not is_allowed(policies, stranger, endpoints[name], port)
        assert not is_allowed(policies, endpoints[name], stranger, port)


@pytest.mark.parametrize("protocol", ["UDP", "TCP"])
def test_every_pod_may_ask_for_names(
    policies: list[Policy], endpoints: dict[str, Endpoint], protocol: str
) -> None:
    for name in OWNERS:
        assert is_allowed(policies, endpoints[name], DNS, 53, protocol)


def test_strimzis_own_policy_lets_in_the_same_clients(everything: list[Manifest]) -> None:
    (listener,) = of_kind(everything, "Kafka")["dw"]["spec"]["kafka"]["listeners"]
    ours = of_kind(everything, "NetworkPolicy")["dw-kafka"]["spec"]["ingress"]
    clients = [peer for rule in ours if rule["ports"] == [{"port": 9093}] for peer in rule["from"]]
    assert listener["networkPolicyPeers"] == clients


def test_policies_are_off_unless_asked_for(render: Render) -> None:
    manifests = render("dronewatch")
    assert not of_kind(manifests, "NetworkPolicy")
    assert "networkPolicyPeers" not in str(of_kind(manifests, "Kafka"))


def test_an_external_store_is_reached_at_its_address_and_port(render: Render) -> None:
    external = "global.s3.endpoint=https://s3.example.org,minio.enabled=false"
    manifests = render("dronewatch", *EVERYTHING_ON, "--set", external)
    policies = list(of_kind(manifests, "NetworkPolicy").values())
    archiving = next(p for p in pods(manifests) if p.owner == OWNERS["archiving"])
    worker = Endpoint("sky", archiving.labels)
    assert is_allowed(policies, worker, EXTERNAL_STORE, 443)
    assert not is_allowed(policies, worker, EXTERNAL_STORE, 9000)


def test_without_an_address_of_a_database_nobody_outside_is_asked_for_one(render: Render) -> None:
    manifests = render("dronewatch", *EVERYTHING_ON, "--set=global.networkPolicy.database.cidr=")
    policies = list(of_kind(manifests, "NetworkPolicy").values())
    website = next(p for p in pods(manifests) if p.owner == OWNERS["website"])
    assert not is_allowed(policies, Endpoint("sky", website.labels), OUTSIDE["database"], 5432)


def test_two_releases_in_one_namespace_do_not_mix(
    policies: list[Policy], endpoints: dict[str, Endpoint]
) -> None:
    labels = endpoints["archiving"].labels | {"app.kubernetes.io/instance": "other"}
    assert not is_allowed(policies, Endpoint("sky", labels), endpoints["store"], 9000)
