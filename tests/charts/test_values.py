"""What the charts refuse, and what their files must agree on."""

import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.charts.conftest import REPOSITORY, Render
from tests.charts.manifests import Manifest

CHARTS = sorted(file.parent.name for file in (REPOSITORY / "charts").glob("*/values.yaml"))
INSTALLABLE = [name for name in CHARTS if name != "dronewatch-lib"]
CI_VALUES = sorted((REPOSITORY / "charts").glob("*/ci/*.yaml"))

MAILS = (
    "channels.email.enabled=true,channels.email.from=drones@example.org"
    ",channels.email.to={duty@example.org},channels.email.smtp.host=smtp.example.org"
)
LOGIN = "channels.email.smtp.user=drones,channels.email.smtp.existingSecret=smtp"
MONITORED = "--set=global.monitoring.enabled=true"

Refusal = Callable[..., str]


@pytest.mark.parametrize("chart", INSTALLABLE)
def test_a_value_that_is_not_known_is_refused_by_name(refusal: Refusal, chart: str) -> None:
    assert "'tpyo'" in refusal(chart, "--set", "tpyo=1")


@pytest.mark.parametrize("chart", INSTALLABLE)
def test_a_shared_value_that_is_not_known_is_refused_by_name(refusal: Refusal, chart: str) -> None:
    assert "'enable'" in refusal(chart, "--set", "global.networkPolicy.enable=true")


@pytest.mark.parametrize("chart", INSTALLABLE)
def test_what_helm_itself_puts_there_is_accepted(render: Render, chart: str) -> None:
    render(chart, "--set", "global.s3.region=eu-west-1,enabled=true")


@pytest.mark.parametrize(
    ("chart", "value", "message"),
    [
        ("alerting", "autoscaling.maxReplicas=13", "has 12 partitions"),
        ("alerting", "autoscaling.minReplicas=5,autoscaling.maxReplicas=4", "is above"),
        ("archiving", "autoscaling.enabled=false,replicas=13", "would get none"),
        (
            "archiving",
            "autoscaling.enabled=false,autoscaling.lag.enabled=true",
            "needs autoscaling",
        ),
        ("alerting", "agitationBelow=2", "agitationBelow"),
        ("alerting", "logLevel=loud", "logLevel"),
        ("archiving", "objectAgeSeconds=soon", "objectAgeSeconds"),
        ("simulator", "mission=war", "mission"),
        ("simulator", "replicas=2", "replicas"),
        ("kafka", "nodes=2", "nodes"),
        ("kafka", "nodes=1", "replicationFactor is 3"),
        ("kafka", "minInSyncReplicas=4", "nothing could be written"),
        ("kafka", "users.x.topics.unknown={Read}", "global.topics does not name"),
        ("minio", "nodes=3", "Take 1, or 4 and more"),
        ("minio", "users.x.read={*}", "users"),
        ("analysis", "questions.Not_A_Name=x", "Not_A_Name"),
        ("loading", "source.kind=disk", "kind"),
        ("loading", "source.files={/a.csv}", "files"),
        ("loading", "source.files={a.csv}", "not from which claim"),
        ("loading", "source.name=x,source.files={2013/a.csv,2014/a.csv}", "share a checkpoint"),
        ("loading", "maxRejected=2", "maxRejected"),
        ("notifying", "channels.email.enabled=true", "from whom, to whom and by which server"),
        ("notifying", f"{MAILS},channels.email.smtp.user=drones", "a login needs both"),
        (
            "notifying",
            f"{MAILS},{LOGIN},channels.email.smtp.security=none",
            "needs TLS",
        ),
        ("notifying", f"{MAILS},channels.email.replicas=13", "has 12 partitions"),
        ("notifying", "channels.email.to={nobody}", "to"),
        ("notifying", "channels.email.smtp.security=ssl", "security"),
        ("notifying", "channels.pigeon.enabled=true", "pigeon"),
        ("notifying", "channels.webhook.enabled=true", "does not say where to"),
        ("notifying", "channels.webhook.url=ftp://example.org", "url"),
        ("website", "replicas=2", "SQLite is one pod's"),
        ("website", "ingress.enabled=true", "under which name"),
        ("website", "retention.days=0", "days"),
        (
            "website",
            "global.networkPolicy.enabled=true,database.existingSecret=pg",
            "refuses the way to PostgreSQL",
        ),
        ("dronewatch", "loading.enabled=true", "names nothing to load"),
        ("dronewatch", "minio.enabled=false", "There is no store"),
        (
            "alerting",
            "global.networkPolicy.enabled=true,global.kafka.bootstrapServers=kafka.example.org:9093",
            "knows Kafka only as a Strimzi cluster",
        ),
        ("dronewatch", "kafka.enabled=false", "There is no Kafka"),
        ("dronewatch", "global.s3.endpoint=https://s3.example.org", "nobody would use"),
        ("dronewatch", "global.s3.endpoint=s3.example.org", "endpoint"),
    ],
)
def test_what_cannot_work_is_refused_with_a_reason(
    refusal: Refusal, chart: str, value: str, message: str
) -> None:
    assert message in refusal(chart, "--set", value)


def test_partitions_stand_once_and_bound_the_replicas(render: Render, refusal: Refusal) -> None:
    partitions = "global.topics.reports.partitions=24"
    manifests = render("dronewatch", "--set", f"{partitions},archiving.autoscaling.maxReplicas=24")
    topic = next(m for m in manifests if m["metadata"]["name"] == "dw-reports")
    assert topic["spec"]["partitions"] == 24
    assert "has 24 partitions" in refusal(
        "dronewatch", "--set", f"{partitions},archiving.autoscaling.maxReplicas=25"
    )


@pytest.mark.parametrize("values", CI_VALUES, ids=lambda file: f"{file.parts[-3]}-{file.stem}")
def test_every_set_of_ci_values_renders(render: Render, values: Path) -> None:
    assert render(values.parts[-3], "--values", str(values))


@pytest.mark.parametrize("chart", INSTALLABLE)
def test_every_chart_has_values_for_ci_and_tells_the_next_command(chart: str, charts: Path) -> None:
    assert list((charts / chart / "ci").glob("*-values.yaml"))
    assert "kubectl" in (charts / chart / "templates" / "NOTES.txt").read_text()


def test_two_renderings_are_the_same(render: Render) -> None:
    assert render("dronewatch") == render("dronewatch")


def test_templates_make_no_secret_and_look_nothing_up(
    everything: list[Manifest], charts: Path
) -> None:
    assert not [m for m in everything if m["kind"] == "Secret"]
    for template in charts.glob("*/templates/*"):
        words = template.read_text()
        assert not [word for word in ("lookup", "randAlpha", "genCA", "uuidv4") if word in words]


def test_no_value_is_a_secret() -> None:
    for chart in CHARTS:
        text = (REPOSITORY / "charts" / chart / "values.yaml").read_text()
        keys = [line.partition(":")[0].strip().lower() for line in text.splitlines() if ":" in line]
        assert not [k for k in keys if k.endswith(("password", "secretkey", "accesskey", "token"))]


def test_schemas_and_readmes_are_those_of_the_values() -> None:
    script = REPOSITORY / "charts" / "generate.py"
    ran = subprocess.run(
        [sys.executable, script, "--check"], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr


def test_the_umbrella_holds_every_chart_in_its_own_version() -> None:
    umbrella = yaml.safe_load((REPOSITORY / "charts/dronewatch/Chart.yaml").read_text())
    parts = {part["name"]: part["version"] for part in umbrella["dependencies"]}
    assert parts.keys() == set(CHARTS) - {"dronewatch"}
    assert set(parts.values()) == {umbrella["version"]}


def test_charts_and_package_have_one_version() -> None:
    files = (REPOSITORY / "charts").glob("*/Chart.yaml")
    versions = {yaml.safe_load(file.read_text())["appVersion"] for file in files}
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    assert versions == {project["version"]}


@pytest.mark.parametrize("chart", INSTALLABLE)
def test_the_notes_name_the_release_and_its_namespace(
    render: Render, charts: Path, tmp_path: Path, chart: str
) -> None:
    copy = charts / f"notes-{chart}"
    shutil.copytree(charts / chart, copy)
    for template in (copy / "templates").glob("*.yaml"):
        template.unlink()
    notes = (copy / "templates" / "NOTES.txt").read_text()
    indented = "".join(f"  {line}\n" for line in notes.splitlines())
    # A template may trim the line break before it.
    head = "kind: Notes\nmetadata: {name: notes}\ntext: |\n  .\n"
    (copy / "templates" / "notes.yaml").write_text(head + indented)
    (text,) = (m["text"] for m in render(copy.name, MONITORED) if m["kind"] == "Notes")
    assert "kubectl --namespace sky" in text
    assert "{{" not in text


def test_names_stay_short_enough_whatever_the_release_is_called(helm: str, charts: Path) -> None:
    command = [helm, "template", "r" * 26, charts / "dronewatch", "--kube-version=1.34.0"]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    for manifest in filter(None, yaml.safe_load_all(ran.stdout)):
        # The operator adds to a schedule's name a time, and -ui-svc for a Service.
        limit = {"ScheduledSparkApplication": 36}.get(manifest["kind"], 63)
        assert len(manifest["metadata"]["name"]) <= limit, manifest["kind"]
        labels = manifest["metadata"].get("labels", {}).values()
        assert all(len(value) <= 63 for value in labels)


def test_a_release_with_too_long_a_name_is_refused(helm: str, charts: Path) -> None:
    command = [helm, "template", "r" * 27, charts / "dronewatch", "--kube-version=1.34.0"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "Take at most 26" in ran.stderr
