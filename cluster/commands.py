"""kind, docker, helm and kubectl, as they are on the PATH."""

import re
import shutil
import subprocess

import click

LOGGED = re.compile(r"[IWEF]\d{4} ")


def run(*command: str, text: str | None = None, seconds: float = 900) -> str:
    """What the command prints, given `text` as its input.

    ClickException, with what the command said, if it is missing, fails or takes longer.
    """
    try:
        # No input rather than ours: kubectl asks there for passwords.
        ran = subprocess.run(
            command, input=text or "", capture_output=True, text=True, timeout=seconds, check=False
        )
    except FileNotFoundError as error:
        raise click.ClickException(f"{command[0]} is missing: install it first") from error
    except subprocess.TimeoutExpired as error:
        raise click.ClickException(f"{_told(command)}: no end after {seconds:.0f} s") from error
    if ran.returncode != 0:
        raise click.ClickException(f"{_told(command)}: {_said(ran)}")
    return ran.stdout


def kubectl(namespace: str, *arguments: str, text: str | None = None, seconds: float = 900) -> str:
    """kubectl in the namespace; as `run`."""
    return run("kubectl", "--namespace", namespace, *arguments, text=text, seconds=seconds)


def is_installed(program: str) -> bool:
    """Whether it is on the PATH."""
    return shutil.which(program) is not None


def _told(command: tuple[str, ...]) -> str:
    return " ".join(command[:6])


def _said(ran: "subprocess.CompletedProcess[str]") -> str:
    """What it complained of, without the log lines that kubectl writes on the way there."""
    lines = (ran.stderr.strip() or ran.stdout.strip()).splitlines()
    return "\n".join(line for line in lines if not LOGGED.match(line)) or "\n".join(lines)
