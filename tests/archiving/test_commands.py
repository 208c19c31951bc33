"""`python -m services.archiving`: the worker, or the command that the first argument names."""

import subprocess
import sys

import pytest


def said(*arguments: str) -> str:
    command = [sys.executable, "-m", "services.archiving", *arguments, "--help"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(
    ("arguments", "usage"),
    [
        ([], "Usage: python -m services.archiving [OPTIONS]"),
        (["--group", "verify"], "Usage: python -m services.archiving [OPTIONS]"),
        (["verify"], "Usage: python -m services.archiving verify [OPTIONS]"),
        (["step-over"], "Usage: python -m services.archiving step-over [OPTIONS]"),
        (["new-timeline"], "Usage: python -m services.archiving new-timeline [OPTIONS]"),
    ],
)
def test_the_first_argument_names_a_command_or_else_it_is_the_worker(
    arguments: list[str], usage: str
) -> None:
    text = said(*arguments)
    assert text.splitlines()[0] == usage
    assert "--store-folder" in text
