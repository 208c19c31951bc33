"""The website: its database, its keys, who may come from where, what it deletes."""

from typing import Any

import pytest

from services.provisioning.__main__ import main as provisioning
from services.website.__main__ import main as website
from services.website.retention import main as retention
from services.website.users import main as users
from tests.charts.conftest import Render
from tests.charts.manifests import Manifest, Pod, environment, of_kind, pods

DEPLOYMENT, CRON_JOB, JOB = (
    "Deployment dw-website",
    "CronJob dw-website-retention",
    "Job dw-website-credentials",
)
POSTGRES = "--set=database.existingSecret=pg,replicas=3"
KEYS = "--set=existingSecret=mine"
INGRESS = "--set=ingress.enabled=true,ingress.host=drones.example.org"
PASSWORDS = {
    "DRONEWATCH_KAFKA_PASSWORD",
    "DRONEWATCH_S3_SECRET_KEY",
    "DRONEWATCH_DATABASE_PASSWORD",
    "DRONEWATCH_USER_PASSWORD",
}


@pytest.fixture(scope="module")
def sqlite(render: Render) -> list[Manifest]:
    return render("website")


@pytest.fixture(scope="module")
def postgres(render: Render) -> list[Manifest]:
    return render("website", POSTGRES)


def pod(manifests: list[Manifest], owner: str = DEPLOYMENT) -> Pod:
    return next(each for each in pods(manifests) if each.owner == owner)


def first_operator(manifests: list[Manifest]) -> dict[str, Any]:
    (container,) = pod(manifests).spec["initContainers"]
    return dict(container)


def volumes(of: Pod) -> dict[str, Any]:
    return {volume["name"]: volume for volume in of.spec["volumes"]}


def reference(secret: str, key: str) -> dict[str, Any]:
    return {"secretKeyRef": {"name": secret, "key": key}}


def test_sqlite_stands_on_a_volume_that_outlives_the_release(sqlite: list[Manifest]) -> None:
    claim = of_kind(sqlite, "PersistentVolumeClaim")["dw-website"]
    assert claim["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
    assert claim["spec"]["accessModes"] == ["ReadWriteOnce"]
    file = environment(pod(sqlite))["DRONEWATCH_DATABASE"]
    (container,) = pod(sqlite).spec["containers"]
    mount = next(each for each in container["volumeMounts"] if each["name"] == "database")
    assert file.startswith(f"{mount['mountPath']}/")
    held = volumes(pod(sqlite))["database"]["persistentVolumeClaim"]["claimName"]
    assert held == claim["metadata"]["name"]


def test_two_pods_never_have_sqlite_at_once_but_for_the_retention_on_the_same_node(
    sqlite: list[Manifest],
) -> None:
    spec = of_kind(sqlite, "Deployment")["dw-website"]["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})
    ((term,),) = (
        affinity["requiredDuringSchedulingIgnoredDuringExecution"]
        for affinity in pod(sqlite, CRON_JOB).spec["affinity"].values()
    )
    assert term["topologyKey"] == "kubernetes.io/hostname"
    assert term["labelSelector"] == spec["selector"]
    assert volumes(pod(sqlite, CRON_JOB))["database"] == volumes(pod(sqlite))["database"]


def test_the_retention_keeps_to_ones_own_affinity_too(render: Render) -> None:
    node = "affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution"
    manifests = render("website", f"--set-json={node}=[]")
    assert pod(manifests, CRON_JOB).spec["affinity"].keys() == {"nodeAffinity", "podAffinity"}
    assert pod(manifests).spec["affinity"].keys() == {"nodeAffinity"}


def test_replicas_share_a_postgresql_and_need_no_volume(postgres: list[Manifest]) -> None:
    spec = of_kind(postgres, "Deployment")["dw-website"]["spec"]
    assert (spec["replicas"], spec["strategy"]["type"]) == (3, "RollingUpdate")
    assert not of_kind(postgres, "PersistentVolumeClaim")
    for each in (pod(postgres), pod(postgres, CRON_JOB)):
        assert environment(each)["DRONEWATCH_DATABASE"] == reference("pg", "url")
        assert environment(each)["DRONEWATCH_DATABASE_PASSWORD"] == reference("pg", "password")
        assert "database" not in volumes(each)
        assert "affinity" not in each.spec


def test_a_drain_takes_one_of_several_at_a_time_and_is_not_held_up_by_a_single_one(
    sqlite: list[Manifest], postgres: list[Manifest]
) -> None:
    budget = of_kind(postgres, "PodDisruptionBudget")["dw-website"]["spec"]
    assert budget["maxUnavailable"] == 1
    assert not of_kind(sqlite, "PodDisruptionBudget")


def test_the_programs_know_what_they_are_told(sqlite: list[Manifest]) -> None:
    retained = pod(sqlite, CRON_JOB).spec["containers"][0]
    added = first_operator(sqlite)
    for container, command, words in (
        (pod(sqlite).spec["containers"][0], website, 1),
        (retained, retention, 1),
        (added, users.commands["add"], 2),
    ):
        flags = {flag for option in command.params for flag in option.opts}
        given = [word for word in container["args"][words:] if word.startswith("--")]
        assert {word.partition("=")[0] for word in given} <= flags
        known = {f"DRONEWATCH_{option.name}".upper() for option in command.params}
        assert {variable["name"] for variable in container["env"]} <= known | PASSWORDS
    assert {"--days=90", "--audit-days=365"} <= set(retained["args"])


def test_the_first_operator_is_made_before_the_pages_are_served_and_only_once(
    sqlite: list[Manifest],
) -> None:
    added = first_operator(sqlite)
    assert added["args"][:2] == ["services.website.users", "add"]
    assert {"--first", "--role=operator", "operator"} <= set(added["args"])
    password = next(v for v in added["env"] if v["name"] == "DRONEWATCH_USER_PASSWORD")
    assert password["valueFrom"] == reference("dw-website-keys", "operatorPassword")
    assert "DRONEWATCH_USER_PASSWORD" not in environment(pod(sqlite))


def test_key_and_password_are_made_once_under_a_name_that_nobody_else_takes(
    sqlite: list[Manifest], everything: list[Manifest]
) -> None:
    _module, command, *arguments = pod(sqlite, JOB).spec["containers"][0]["args"]
    known = {flag for option in provisioning.commands[command].params for flag in option.opts}
    assert {argument for argument in arguments if argument.startswith("--")} <= known
    assert arguments[-2:] == ["--website", "dw-website-keys"]
    hook = of_kind(sqlite, "Job")["dw-website-credentials"]["metadata"]["annotations"]
    assert hook["helm.sh/hook"] == "pre-install,pre-upgrade"
    # Strimzi makes a Secret of each user's name.
    assert "dw-website-keys" not in of_kind(everything, "KafkaUser")


def test_the_session_key_is_read_where_the_secret_is_mounted(sqlite: list[Manifest]) -> None:
    secret = volumes(pod(sqlite))["session"]["secret"]
    (container,) = pod(sqlite).spec["containers"]
    mount = next(each for each in container["volumeMounts"] if each["name"] == "session")
    file = environment(pod(sqlite))["DRONEWATCH_SESSION_KEY_FILE"]
    assert file == f"{mount['mountPath']}/{secret['items'][0]['path']}"
    assert secret["secretName"] == "dw-website-keys"


def test_keys_of_ones_own_are_used_and_not_made(render: Render) -> None:
    manifests = render("website", KEYS)
    assert not of_kind(manifests, "Job")
    assert not of_kind(manifests, "Role")
    assert volumes(pod(manifests))["session"]["secret"]["secretName"] == "mine"
    assert "dw-website-keys" not in str(manifests)


def test_without_an_ingress_nobody_is_trusted_and_nothing_leads_in(
    sqlite: list[Manifest],
) -> None:
    assert not of_kind(sqlite, "Ingress")
    told = environment(pod(sqlite)).keys()
    assert not {"DRONEWATCH_SECURE_COOKIES", "DRONEWATCH_TRUSTED_PROXIES"} & told


def test_behind_an_ingress_cookies_are_for_https_and_the_proxy_is_trusted(
    render: Render,
) -> None:
    manifests = render("website", INGRESS, "--set=ingress.trustedProxies={10.244.0.0/16}")
    told = environment(pod(manifests))
    assert told["DRONEWATCH_SECURE_COOKIES"] == "true"
    assert told["DRONEWATCH_TRUSTED_PROXIES"] == "10.244.0.0/16"
    spec = of_kind(manifests, "Ingress")["dw-website"]["spec"]
    assert spec["tls"] == [{"hosts": ["drones.example.org"]}]
    (rule,) = spec["rules"]
    backend = rule["http"]["paths"][0]["backend"]["service"]
    assert rule["host"] == "drones.example.org"
    assert backend["name"] in of_kind(manifests, "Service")


def test_the_service_leads_to_the_port_that_serves_pages(sqlite: list[Manifest]) -> None:
    spec = of_kind(sqlite, "Service")["dw-website"]["spec"]
    assert pod(sqlite).labels.items() >= spec["selector"].items()
    (port,) = spec["ports"]
    named = {p["name"]: p["containerPort"] for p in pod(sqlite).spec["containers"][0]["ports"]}
    assert str(named[port["targetPort"]]) == environment(pod(sqlite))["DRONEWATCH_PORT"]


def test_an_outline_of_ones_own_is_drawn(render: Render, sqlite: list[Manifest]) -> None:
    manifests = render("website", "--set=outlineConfigMap=districts")
    (container,) = pod(manifests).spec["containers"]
    mount = next(each for each in container["volumeMounts"] if each["name"] == "outline")
    assert environment(pod(manifests))["DRONEWATCH_MAP_FILE"].startswith(mount["mountPath"])
    assert volumes(pod(manifests))["outline"]["configMap"]["name"] == "districts"
    assert "DRONEWATCH_MAP_FILE" not in environment(pod(sqlite))
