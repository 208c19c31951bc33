"""The Java that runs Kafka and Spark on this machine: found, and new enough."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import click

OLDEST_JAVA = 17
REMEDY = (
    f"install Java {OLDEST_JAVA}, e.g. `apt-get install openjdk-17-jre-headless`,"
    " or point JAVA_HOME at one"
)


def java_executable() -> str:
    """JAVA_HOME's java, or the PATH's. ClickException if there is none, or one too old."""
    home = os.environ.get("JAVA_HOME")
    found = shutil.which(str(Path(home) / "bin" / "java") if home else "java")
    if found is None:
        raise click.ClickException(f"no Java {f'in JAVA_HOME={home}' if home else ''}: {REMEDY}")
    printed = subprocess.run([found, "-version"], capture_output=True, text=True, check=False)
    version = java_version(printed.stderr)
    if version is None:
        raise click.ClickException(f"{found} does not run: {REMEDY}")
    if version < OLDEST_JAVA:
        raise click.ClickException(f"{found} is Java {version}, which is too old: {REMEDY}")
    return found


def java_version(printed: str) -> int | None:
    """The major version in what `java -version` prints (8 for "1.8.0_412")."""
    found = re.search(r'version "(?:1\.)?(\d+)', printed)
    return int(found[1]) if found else None
