"""What a person sees who starts a component wrongly: one clear line, and no traceback."""

import socket
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from services.alerting.__main__ import main as alerting
from services.archiving.__main__ import main as archiving
from services.stream.connection import PASSWORD_VARIABLE

COMPONENTS = [alerting, archiving]
SASL = ["--kafka-security-protocol", "SASL_SSL"]


@pytest.fixture
def never_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong value that is accepted shows at once, not when the component ends."""
    for component in ("alerting", "archiving"):
        monkeypatch.setattr(f"services.{component}.__main__.run_component", lambda *_, **__: None)


def run(command: click.Command, *arguments: str, **environ: str) -> Result:
    return CliRunner().invoke(command, arguments, env=environ)


@pytest.mark.parametrize("command", COMPONENTS)
def test_no_secret_can_be_given_as_a_flag(command: click.Command) -> None:
    flags = [flag for parameter in command.params for flag in parameter.opts]
    secret = [flag for flag in flags if "password" in flag or "secret" in flag]
    assert all(flag.endswith("-file") for flag in secret)
    assert secret


@pytest.mark.usefixtures("never_runs")
@pytest.mark.parametrize("command", COMPONENTS)
@pytest.mark.parametrize(
    ("given", "environ"),
    [
        ([], {}),
        (["--kafka-username", "me"], {}),
        ([], {PASSWORD_VARIABLE: "hush"}),
        (["--kafka-username", "me"], {PASSWORD_VARIABLE: ""}),
    ],
)
def test_sasl_without_all_it_needs_is_one_clear_usage_error(
    command: click.Command, given: list[str], environ: dict[str, str]
) -> None:
    result = run(command, *SASL, *given, **environ)
    assert result.exit_code == 2
    [line] = [line for line in result.output.splitlines() if line.startswith("Error")]
    assert "--kafka-username" in line
    assert PASSWORD_VARIABLE in line
    assert "hush" not in result.output


@pytest.mark.usefixtures("never_runs")
@pytest.mark.parametrize("command", COMPONENTS)
@pytest.mark.parametrize(
    "wrong",
    [
        ["--kafka-bootstrap-servers", "kafka:port"],
        ["--kafka-security-protocol", "HTTPS"],
        ["--kafka-password-file", "/no/such/file"],
        ["--kafka-ca-file", "/no/such/file"],
        ["--health-port", "65536"],
        ["--health-port", "http"],
        ["--log-format", "xml"],
        ["--session-timeout-seconds", "0"],
        ["--no-such-flag"],
    ],
)
def test_a_bad_value_names_its_flag(command: click.Command, wrong: list[str]) -> None:
    result = run(command, *wrong)
    assert result.exit_code == 2
    assert wrong[0] in result.output.splitlines()[-1]


@pytest.mark.usefixtures("never_runs")
@pytest.mark.parametrize(
    ("command", "wrong"),
    [
        (alerting, ["--agitation-below", "1.5"]),
        (archiving, ["--store-folder", __file__]),
        (archiving, ["--object-mebibytes", "0"]),
        (archiving, ["--object-mebibytes", "-1"]),
        (archiving, ["--object-age-seconds", "0"]),
        (archiving, ["--memory-mebibytes", "0"]),
        (archiving, ["--s3-secret-key-file", "/no/such/file"]),
    ],
)
def test_a_bad_value_of_a_components_own_names_its_flag(
    command: click.Command, wrong: list[str], tmp_path: Path
) -> None:
    store = [] if wrong[0].startswith("--s") else ["--store-folder", str(tmp_path)]
    result = run(command, *(store if command is archiving else []), *wrong)
    assert result.exit_code == 2
    assert wrong[0] in result.output.splitlines()[-1]


@pytest.mark.usefixtures("never_runs")
@pytest.mark.parametrize(
    "given",
    [
        [],
        ["--s3-endpoint", "http://localhost:9000"],
        ["--s3-endpoint", "http://localhost:9000", "--s3-access-key", "me"],
    ],
)
def test_an_archive_without_a_place_is_one_clear_usage_error(given: list[str]) -> None:
    result = run(archiving, *given)
    assert result.exit_code == 2
    assert "say where the archive is" in result.output.splitlines()[-1]


@pytest.mark.usefixtures("never_runs")
def test_an_endpoint_that_is_no_url_is_one_clear_usage_error() -> None:
    given = ["--s3-endpoint", "minio:9000", "--s3-access-key", "me"]
    result = run(archiving, *given, DRONEWATCH_S3_SECRET_KEY="x")
    assert result.exit_code == 2
    assert "http(s)://" in result.output.splitlines()[-1]


@pytest.mark.parametrize("command", COMPONENTS)
def test_a_health_port_in_use_is_one_clear_line(command: click.Command, tmp_path: Path) -> None:
    with socket.create_server(("", 0)) as taken:
        port = str(taken.getsockname()[1])
        store = ["--store-folder", str(tmp_path)] if command is archiving else []
        result = run(command, "--health-port", port, *store)
    assert result.exit_code == 1
    assert result.output.splitlines()[-1].startswith("Error: cannot serve health on port " + port)
    assert "--health-port" in result.output
    assert "Traceback" not in result.output


def test_a_store_folder_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "probes").write_text("a file where a folder should be")
    command = [sys.executable, "-m", "services.archiving", "--health-port", "0"]
    result = subprocess.run(
        [*command, "--store-folder", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert result.returncode == 1
    assert "the store refuses us" in result.stderr.splitlines()[-1]
    assert "Traceback" not in result.stderr


@pytest.mark.usefixtures("never_runs")
@pytest.mark.parametrize("command", COMPONENTS)
def test_settings_are_read_from_the_environment(command: click.Command) -> None:
    result = run(command, DRONEWATCH_HEALTH_PORT="many")
    assert result.exit_code == 2
    assert "--health-port" in result.output


@pytest.mark.parametrize("command", COMPONENTS)
def test_help_tells_every_default(command: click.Command) -> None:
    result = run(command, "--help")
    assert result.exit_code == 0
    assert "[default: localhost:9092]" in " ".join(result.output.split())
