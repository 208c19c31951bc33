"""kind, docker, helm and kubectl, as they are on the PATH."""

import re
import shutil
import subprocess
from tempfile import TemporaryFile
from typing import IO

import click

LOGGED = re.compile(r"[IWEF]\d{4} ")


def run(*command: str, text: str | None = None, seconds: float = 900) -> str:
    """What the command prints, given `text` as its input; what it leaves running runs on.

    ClickException, with what the command said, if it is missing, fails or takes longer.
    """
    # Into files: a process left behind would hold a pipe open, and we would wait for its end.
    with TemporaryFile("w+") as printed, TemporaryFile("w+") as complaint:
        code = _exit_code(command, text or "", seconds, (printed, complaint))
        answer = _content(printed)
        if code != 0:
            raise click.ClickException(f"{_told(command)}: {_said(_content(complaint) or answer)}")
    return answer


def kubectl(namespace: str, *arguments: str, text: str | None = None, seconds: float = 900) -> str:
    """kubectl in the namespace; as `run`."""
    return run("kubectl", "--namespace", namespace, *arguments, text=text, seconds=seconds)


def is_installed(program: str) -> bool:
    """Whether it is on the PATH."""
    return shutil.which(program) is not None


def _exit_code(
    command: tuple[str, ...], text: str, seconds: float, outputs: tuple[IO[str], IO[str]]
) -> int:
    """Its input is never ours, where kubectl would ask for a password."""
    out, err = outputs
    try:
        return subprocess.run(
            command, input=text, stdout=out, stderr=err, text=True, timeout=seconds, check=False
        ).returncode
    except FileNotFoundError as error:
        raise click.ClickException(f"{command[0]} is missing: install it first") from error
    except subprocess.TimeoutExpired as error:
        raise click.ClickException(f"{_told(command)}: no end after {seconds:.0f} s") from error


def _told(command: tuple[str, ...]) -> str:
    return " ".join(command[:6])


def _content(file: IO[str]) -> str:
    file.seek(0)
    return file.read()


def _said(output: str) -> str:
    """What it complained of, without the log lines that kubectl writes on the way there."""
    lines = output.strip().splitlines()
    return "\n".join(line for line in lines if not LOGGED.match(line)) or "\n".join(lines)
