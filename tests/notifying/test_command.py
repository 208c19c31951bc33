"""`python -m services.notifying` with settings that cannot be meant: told, exit code 2."""

import pytest
from click.testing import CliRunner

from services.notifying.__main__ import main


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "Missing argument 'CHANNEL'"),
        (["pigeon"], "'pigeon' is not one of"),
        (["log", "--retries"], "--retries is not for log"),
        (["log", "--window-seconds", "-1"], "--window-seconds"),
        (["log", "--kafka-bootstrap-servers", ":x"], "--kafka-bootstrap-servers wants host:port"),
    ],
)
def test_bad_usage_is_told(arguments: list[str], told: str) -> None:
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    assert told in result.output
