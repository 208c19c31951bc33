"""Kafka's jars, from Maven Central through the Ivy inside PySpark. For local.kafka.

92 jars, 54 MB, fetched once into the cache. DRONEWATCH_MAVEN_REPOSITORY names a mirror.
"""

import json
import os
import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path
from xml.sax.saxutils import quoteattr

import click
from tqdm import tqdm

from local.cache import cached_folder
from local.java import java_executable

KAFKA_VERSION = "4.3.1"
# Kafka's own distribution adds this bridge from slf4j to its log4j2; its Maven modules do not.
LOG4J_VERSION = "2.25.4"
JARS = 92
REPOSITORY_VARIABLE = "DRONEWATCH_MAVEN_REPOSITORY"
MANIFEST = "jars.json"

DEPENDENCIES = f"""\
<ivy-module version="2.0">
  <info organisation="dronewatch" module="local-kafka"/>
  <configurations><conf name="default"/></configurations>
  <dependencies>
    <dependency org="org.apache.kafka" name="kafka_2.13" rev="{KAFKA_VERSION}"
                conf="default->default"/>
    <dependency org="org.apache.kafka" name="kafka-tools" rev="{KAFKA_VERSION}"
                conf="default->default"/>
    <dependency org="org.apache.logging.log4j" name="log4j-slf4j-impl" rev="{LOG4J_VERSION}"
                conf="default->default"/>
  </dependencies>
</ivy-module>
"""


def kafka_jars() -> Path:
    """The folder that holds Kafka's jars, fetched if need be. ClickException if that fails."""
    return cached_folder(f"kafka-{KAFKA_VERSION}", _is_whole, _fetch)


def _is_whole(folder: Path) -> bool:
    try:
        sizes = json.loads((folder / MANIFEST).read_text())
        return bool(sizes) and all((folder / jar).stat().st_size == sizes[jar] for jar in sizes)
    except (OSError, ValueError):
        return False


def _fetch(folder: Path) -> None:
    scratch = folder / "ivy"
    scratch.mkdir()
    _run_ivy(scratch, folder)
    shutil.rmtree(scratch)
    sizes = {jar.name: jar.stat().st_size for jar in sorted(folder.glob("*.jar"))}
    (folder / MANIFEST).write_text(json.dumps(sizes, indent=1))


def _run_ivy(scratch: Path, folder: Path) -> None:
    (scratch / "ivy.xml").write_text(DEPENDENCIES)
    (scratch / "ivysettings.xml").write_text(
        ivy_settings(scratch / "cache", os.environ.get(REPOSITORY_VARIABLE))
    )
    command = [java_executable(), "-jar", str(_ivy_jar()), "-confs", "default"]
    command += ["-settings", str(scratch / "ivysettings.xml"), "-ivy", str(scratch / "ivy.xml")]
    command += ["-retrieve", f"{folder}/[artifact]-[revision](-[classifier]).[ext]"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as ivy:
        printed = _followed(ivy)
    if ivy.returncode:
        raise click.ClickException(failure(printed))


def _followed(ivy: "subprocess.Popen[str]") -> list[str]:
    """What Ivy prints, while a bar shows how far it is: each jar is found, then fetched."""
    assert ivy.stdout
    printed = []
    with tqdm(total=2 * JARS, desc=f"Kafka {KAFKA_VERSION} from Maven Central, once") as bar:
        for line in ivy.stdout:
            printed.append(line)
            bar.update("\tfound " in line or "[SUCCESSFUL" in line)
    return printed


def ivy_settings(cache: Path, repository: str | None) -> str:
    """Ivy's settings: Maven Central (Ivy's default) or a mirror; nothing outside our cache."""
    root = f" root={quoteattr(repository)}" if repository else ""
    return f"""\
<ivysettings>
  <settings defaultResolver="maven"/>
  <caches defaultCacheDir={quoteattr(str(cache))}/>
  <resolvers><ibiblio name="maven" m2compatible="true"{root}/></resolvers>
</ivysettings>
"""


def failure(printed: list[str]) -> str:
    """One line that says why Ivy failed, from what it printed."""
    text = "".join(printed)
    causes = (
        r"Server access error at url .*",
        r".*No space left on device.*",
        r"\t\t:: (.*: not found)",
        r".*(?:Exception|FAILED|ERROR).*",
    )
    found = next((hit for cause in causes if (hit := re.search(cause, text))), None)
    cause = found[0].strip() if found else text.strip()[-200:]
    return (
        f"cannot fetch Kafka {KAFKA_VERSION} from the Maven repository: {cause};"
        f" check the network or set {REPOSITORY_VARIABLE} to a mirror, then run this again"
    )


def _ivy_jar() -> Path:
    spec = find_spec("pyspark")
    folder = Path(spec.origin).parent / "jars" if spec and spec.origin else Path()
    jars = sorted(folder.glob("ivy-*.jar"))
    if not jars:
        raise click.ClickException("no Ivy: pyspark is not installed here; run `make`")
    return jars[-1]
