"""The charts as helm renders them, from a copy with their dependencies in place."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

REPOSITORY = Path(__file__).parents[2]
KUBERNETES = "1.34.0"
MONITORED = "monitoring.coreos.com/v1"

Manifest = dict[str, Any]
Render = Callable[..., list[Manifest]]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without helm one test stands for all that need it, and says so: one line, not a hundred."""
    needing = [item for item in items if "helm" in getattr(item, "fixturenames", ())]
    if shutil.which("helm") or not needing:
        return
    reason = f"CHARTS NOT TESTED: no helm on the PATH ({len(needing)} tests)"
    needing[0].add_marker(pytest.mark.skip(reason=reason))
    config.hook.pytest_deselected(items=needing[1:])
    left_out = set(needing[1:])
    items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session")
def helm() -> str:
    """The helm on the PATH."""
    found = shutil.which("helm")
    assert found
    return found


@pytest.fixture(scope="session")
def charts(helm: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of charts/ that helm can render."""
    folder = tmp_path_factory.mktemp("charts") / "charts"
    shutil.copytree(
        REPOSITORY / "charts", folder, ignore=shutil.ignore_patterns("charts", "*.lock")
    )
    subprocess.run([folder / "dependencies"], check=True, capture_output=True)
    return folder


@pytest.fixture(scope="session")
def helm_template(helm: str, charts: Path) -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """`helm_template("alerting", "--set", "replicas=1")`: what helm says, successful or not."""

    def run(chart: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [helm, "template", "dw", str(charts / chart), "--namespace", "sky"]
        command += ["--kube-version", KUBERNETES, "--api-versions", MONITORED, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    return run


@pytest.fixture(scope="session")
def render(helm_template: Callable[..., "subprocess.CompletedProcess[str]"]) -> Render:
    """`render("alerting", "--set", "replicas=1")`: the manifests of a release `dw` in `sky`."""

    def rendered(chart: str, *arguments: str) -> list[Manifest]:
        ran = helm_template(chart, *arguments)
        assert ran.returncode == 0, ran.stderr
        return [manifest for manifest in yaml.safe_load_all(ran.stdout) if manifest]

    return rendered


@pytest.fixture(scope="session")
def refusal(
    helm_template: Callable[..., "subprocess.CompletedProcess[str]"],
) -> Callable[..., str]:
    """`refusal("alerting", "--set", "x=1")`: helm's message; fails if it renders."""

    def message(chart: str, *arguments: str) -> str:
        ran = helm_template(chart, *arguments)
        assert ran.returncode != 0, f"helm accepts {arguments}"
        return ran.stderr

    return message


EVERYTHING_ON = (
    "--set=global.networkPolicy.enabled=true",
    "--set=global.monitoring.enabled=true",
    "--set=analysis.run.enabled=true",
    "--set=kafka.metrics.enabled=true",
    "--set-string=analysis.questions.mine=SELECT 1",
    "--set=simulator.ledger.enabled=true",
    "--set=loading.enabled=true,loading.source.kind=bucket,loading.source.files={history/a.csv}",
    "--set=notifying.channels.email.enabled=true,notifying.channels.email.from=drones@example.org",
    "--set=notifying.channels.email.to={duty@example.org},notifying.channels.email.smtp.host=smtp",
    "--set=notifying.channels.webhook.enabled=true,notifying.channels.webhook.url=https://example.org",
    "--set=notifying.channels.webhook.existingSecret=webhook",
    "--set=website.ingress.enabled=true,website.ingress.host=drones.example.org",
    # By these the tests tell one outside from another.
    "--set=global.networkPolicy.apiServer.cidr=192.0.2.1/32",
    "--set=global.networkPolicy.externalStore.cidr=192.0.2.2/32",
    "--set=global.networkPolicy.mailServer.cidr=192.0.2.3/32",
    "--set=global.networkPolicy.webhookReceiver.cidr=192.0.2.4/32",
    "--set=global.networkPolicy.database.cidr=192.0.2.5/32",
)


@pytest.fixture(scope="session")
def everything(render: Render) -> list[Manifest]:
    """The umbrella with every switch on."""
    return render("dronewatch", *EVERYTHING_ON)
