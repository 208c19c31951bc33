"""Spark for comparison, in an environment of its own: installed on first use. For bench.archiving.

Spark's Kafka connector is complete in the registry only up to Spark 4.0.0, so the peer cannot
share the platform's own PySpark.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import click

from bench.archived import archived
from bench.backlog import Backlog, Pass
from bench.meter import metered, pinned
from local.cache import cache_folder, cached_folder
from local.jars import REPOSITORY_VARIABLE
from local.processes import Goal, await_end, await_until, running, start
from local.progress import announce

SPARK_VERSION = "4.0.0"
CONNECTOR = f"org.apache.spark:spark-sql-kafka-0-10_2.13:{SPARK_VERSION}"
REQUIREMENTS = Path(__file__).with_name("peer-requirements.txt")
JOB = Path(__file__).with_name("spark_job.py")
MARK = "installed.json"
# The first time Ivy fetches the connector's jars.
STARTED = Goal("Spark should start", 300.0)
ENDED = Goal("Spark should read the backlog", 3600.0)
STOP_SECONDS = 60.0
LOOK_SECONDS = 0.02


def peer_python() -> Path:
    """The interpreter that has the peer's PySpark. ClickException if that cannot be installed."""
    return cached_folder(f"peer-spark-{SPARK_VERSION}", _is_whole, _install) / "bin" / "python"


def _is_whole(folder: Path) -> bool:
    mark = folder / MARK
    return mark.exists() and json.loads(mark.read_text()) == REQUIREMENTS.read_text()


def _install(folder: Path) -> None:
    announce(f"Installing Spark {SPARK_VERSION} for comparison (434 MB, once)")
    _run([sys.executable, "-m", "venv", str(folder)])
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    _run([*pip, "--require-hashes", "-r", str(REQUIREMENTS)])
    (folder / MARK).write_text(json.dumps(REQUIREMENTS.read_text()))


def _run(command: list[str]) -> None:
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode:
        lines = ended.stderr.strip().splitlines() or ["it printed nothing"]
        raise click.ClickException(f"cannot install Spark {SPARK_VERSION}: {lines[-1]}")


def spark_pass(backlog: Backlog, folder: Path, cores: set[int]) -> Pass:
    """From the query's start to its end, with as many threads as cores; the session stands before.

    ClickException if Spark cannot be installed or the job fails.
    """
    python = peer_python()
    folder.mkdir(parents=True, exist_ok=True)
    said = folder / "said.txt"
    with said.open("w") as stdout, pinned(cores):
        command = _job_command(python, backlog, folder, len(cores))
        child = start("spark", command, folder / "spark.log", stdout=stdout)
    with running(child), metered(child.popen.pid) as meter:
        await_until(lambda: _says(said, "started"), [child], STARTED, LOOK_SECONDS)
        began_seconds, before = time.monotonic(), meter.sample()
        await_until(lambda: _says(said, "ended"), [child], ENDED, LOOK_SECONDS)
        seconds, work = time.monotonic() - began_seconds, meter.sample().since(before)
        await_end(child, STOP_SECONDS)
    return Pass(seconds, work, meter.cost, archived(folder / "parquet"))


def _job_command(python: Path, backlog: Backlog, folder: Path, threads: int) -> list[str]:
    settings = {
        "spark.master": f"local[{threads}]",
        "spark.jars.packages": CONNECTOR,
        "spark.jars.ivy": str(cache_folder() / "peer-ivy"),
        "spark.local.dir": str(folder / "scratch"),
        "bootstrap_servers": backlog.connection.bootstrap_servers,
        "topic": backlog.topic.name,
        "output": str(folder),
    }
    mirror = os.environ.get(REPOSITORY_VARIABLE)
    if mirror:
        settings["spark.jars.repositories"] = mirror
    return [str(python), str(JOB), json.dumps(settings)]


def _says(said: Path, line: str) -> bool:
    return line in said.read_text().splitlines()
