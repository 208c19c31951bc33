"""The channels' Deployments: what they read, whom they tell, where their secrets come from."""

from typing import Any

import pytest

from services.notifying.__main__ import main as notifying
from tests.charts.conftest import Render
from tests.charts.manifests import Manifest, Pod, environment, of_kind, pods

MAILS = (
    "--set=channels.email.enabled=true,channels.email.from=drones@example.org",
    "--set=channels.email.to={duty@example.org,chief@example.org}",
    "--set=channels.email.smtp.host=smtp.example.org",
)
LOGIN = "--set=channels.email.smtp.user=drones,channels.email.smtp.existingSecret=smtp"
WEBHOOKS = (
    "--set=channels.webhook.enabled=true,channels.webhook.url=https://example.org/hook",
    "--set=channels.webhook.existingSecret=signing",
)
CHANNELS = ("email", "webhook", "log")
KNOWN_SECRETS = {
    "DRONEWATCH_KAFKA_PASSWORD",
    "DRONEWATCH_SMTP_PASSWORD",
    "DRONEWATCH_WEBHOOK_SECRET",
}


@pytest.fixture(scope="module")
def all_on(render: Render) -> list[Manifest]:
    return render("notifying", *MAILS, LOGIN, *WEBHOOKS)


def pod(manifests: list[Manifest], channel: str) -> Pod:
    return next(p for p in pods(manifests) if p.owner == f"Deployment dw-notifying-{channel}")


def container(manifests: list[Manifest], channel: str, name: str = "notifying") -> dict[str, Any]:
    found = pod(manifests, channel).spec["containers"]
    return next(each for each in found if each["name"] == name)


def test_with_no_values_alerts_go_to_the_log(render: Render) -> None:
    assert of_kind(render("notifying"), "Deployment").keys() == {"dw-notifying-log"}


def test_each_enabled_channel_is_a_deployment_of_its_own(render: Render) -> None:
    without_log = (*MAILS, *WEBHOOKS, "--set=channels.log.enabled=false,channels.email.replicas=2")
    made = of_kind(render("notifying", *without_log), "Deployment")
    replicas = {name: deployment["spec"]["replicas"] for name, deployment in made.items()}
    assert replicas == {"dw-notifying-email": 2, "dw-notifying-webhook": 1}


def test_what_fails_is_tried_again_by_a_second_container_but_for_the_log(
    all_on: list[Manifest],
) -> None:
    names = {
        channel: [each["name"] for each in pod(all_on, channel).spec["containers"]]
        for channel in CHANNELS
    }
    both = ["notifying", "retries"]
    assert names == {"email": both, "webhook": both, "log": ["notifying"]}


def test_both_containers_have_the_same_settings_and_probes_of_their_own(
    all_on: list[Manifest],
) -> None:
    delivery, retries = (container(all_on, "email", name) for name in ("notifying", "retries"))
    for same in ("env", "image", "volumeMounts", "securityContext"):
        assert delivery[same] == retries[same]
    ports = [[port["containerPort"] for port in each["ports"]] for each in (delivery, retries)]
    assert ports == [[8080], [8081]]
    for each in (delivery, retries):
        (port,) = each["ports"]
        probes = ("startupProbe", "livenessProbe", "readinessProbe")
        assert {each[probe]["httpGet"]["port"] for probe in probes} == {port["name"]}
    assert "--health-port=8081" in retries["args"]


@pytest.mark.parametrize("channel", CHANNELS)
def test_the_program_knows_what_it_is_told(all_on: list[Manifest], channel: str) -> None:
    known = {flag for option in notifying.params for flag in option.opts}
    for each in pod(all_on, channel).spec["containers"]:
        module, name, *arguments = each["args"]
        assert (module, name) == ("services.notifying", channel)
        assert {argument.partition("=")[0] for argument in arguments} <= known
    settings = {f"DRONEWATCH_{option.name}".upper() for option in notifying.params}
    assert environment(pod(all_on, channel)).keys() <= settings | KNOWN_SECRETS


def test_mails_go_where_the_values_say(all_on: list[Manifest]) -> None:
    told = environment(pod(all_on, "email"))
    assert told["DRONEWATCH_EMAIL_TO"] == "duty@example.org,chief@example.org"
    assert told["DRONEWATCH_EMAIL_FROM"] == "drones@example.org"
    assert told["DRONEWATCH_SMTP_HOST"] == "smtp.example.org"
    assert told["DRONEWATCH_SMTP_SECURITY"] == "starttls"


def test_a_password_comes_from_the_secret_that_is_named_and_none_without_a_login(
    render: Render, all_on: list[Manifest]
) -> None:
    reference = {"secretKeyRef": {"name": "smtp", "key": "password"}}
    assert environment(pod(all_on, "email"))["DRONEWATCH_SMTP_PASSWORD"] == reference
    without = environment(pod(render("notifying", *MAILS), "email"))
    assert not {"DRONEWATCH_SMTP_PASSWORD", "DRONEWATCH_SMTP_USER"} & without.keys()


def test_a_channel_does_not_get_the_secrets_of_another(all_on: list[Manifest]) -> None:
    reference = {"secretKeyRef": {"name": "signing", "key": "secret"}}
    webhook = environment(pod(all_on, "webhook"))
    assert webhook["DRONEWATCH_WEBHOOK_SECRET"] == reference
    assert not [name for name in webhook if "SMTP" in name or "EMAIL" in name]
    others = (environment(pod(all_on, channel)) for channel in ("email", "log"))
    assert not [name for variables in others for name in variables if "WEBHOOK" in name]


@pytest.mark.parametrize(
    ("channel", "value", "variable"),
    [
        ("email", "channels.email.smtp.caSecret", "DRONEWATCH_SMTP_CA_FILE"),
        ("webhook", "channels.webhook.caSecret", "DRONEWATCH_WEBHOOK_CA_FILE"),
    ],
)
def test_a_ca_of_ones_own_is_read_where_it_is_mounted(
    render: Render, all_on: list[Manifest], channel: str, value: str, variable: str
) -> None:
    manifests = render("notifying", *MAILS, *WEBHOOKS, f"--set={value}=mine")
    file = environment(pod(manifests, channel))[variable]
    mount = next(m for m in container(manifests, channel)["volumeMounts"] if "channel" in m["name"])
    volume = next(v for v in pod(manifests, channel).spec["volumes"] if v["name"] == mount["name"])
    assert volume["secret"]["secretName"] == "mine"
    (item,) = volume["secret"]["items"]
    assert f"{mount['mountPath']}/{item['path']}" == file
    assert variable not in environment(pod(all_on, channel))


@pytest.mark.parametrize("channel", CHANNELS)
def test_it_reaches_kafka_as_itself(
    all_on: list[Manifest], everything: list[Manifest], channel: str
) -> None:
    variables = environment(pod(all_on, channel))
    assert variables["DRONEWATCH_KAFKA_USERNAME"] in of_kind(everything, "KafkaUser")
    password = {"secretKeyRef": {"name": "dw-notifying", "key": "password"}}
    assert variables["DRONEWATCH_KAFKA_PASSWORD"] == password


@pytest.mark.parametrize("channel", CHANNELS)
def test_an_upgrade_adds_a_pod_before_it_takes_one_and_a_drain_takes_one_at_a_time(
    all_on: list[Manifest], channel: str
) -> None:
    name = f"dw-notifying-{channel}"
    spec = of_kind(all_on, "Deployment")[name]["spec"]
    assert spec["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    budget = of_kind(all_on, "PodDisruptionBudget")[name]["spec"]
    assert budget["maxUnavailable"] == 1
    assert budget["selector"] == spec["selector"]


def test_a_stopping_pod_may_end_the_delivery_that_it_is_at(all_on: list[Manifest]) -> None:
    # And says farewell to its group.
    assert all(pod(all_on, c).spec["terminationGracePeriodSeconds"] >= 20 for c in CHANNELS)
