"""Fetches the S3A jars for the Spark image, with the Ivy inside PySpark. Called by the Dockerfile.

    python s3a_jars.py FOLDER [REPOSITORY]

Which modules they are stands in analysis.session alone. A jar that Spark brings already, in
whatever version, is left out: two versions of one class on one classpath are a lottery.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.sax.saxutils import quoteattr

import pyspark

from analysis.session import S3A_PACKAGES

SPARK_JARS = Path(pyspark.__file__).parent / "jars"


def ivy_module(packages: tuple[str, ...]) -> str:
    """Ivy's description of what is wanted, without the 600 MB bundle of the AWS SDK."""
    wanted = "".join(
        f'<dependency org="{group}" name="{name}" rev="{version}" conf="default"/>'
        for group, name, version in (package.split(":") for package in packages)
    )
    return (
        '<ivy-module version="2.0"><info organisation="dronewatch" module="s3a"/>'
        f'<dependencies>{wanted}<exclude org="software.amazon.awssdk" module="bundle"/>'
        "</dependencies></ivy-module>"
    )


def ivy_settings(cache: Path, repository: str) -> str:
    """Ivy's settings: Maven Central, or a mirror."""
    root = f" root={quoteattr(repository)}" if repository else ""
    return (
        f'<ivysettings><settings defaultResolver="maven"/><caches defaultCacheDir="{cache}"/>'
        f'<resolvers><ibiblio name="maven" m2compatible="true"{root}/></resolvers></ivysettings>'
    )


def artifact(jar: Path) -> str:
    """`netty-codec` of `netty-codec-4.2.13.Final.jar`."""
    return re.sub(r"-\d.*", "", jar.stem)


def fetch(folder: Path, repository: str) -> None:
    """Fill the folder; CalledProcessError with Ivy's own words if that fails."""
    ivy = next(SPARK_JARS.glob("ivy-*.jar"))
    with tempfile.TemporaryDirectory() as scratch:
        module, settings = Path(scratch, "ivy.xml"), Path(scratch, "settings.xml")
        module.write_text(ivy_module(S3A_PACKAGES))
        settings.write_text(ivy_settings(Path(scratch, "cache"), repository))
        command = ["java", "-jar", str(ivy), "-settings", str(settings), "-ivy", str(module)]
        pattern = f"{folder}/[artifact]-[revision](-[classifier]).[ext]"
        subprocess.run([*command, "-types", "jar", "-retrieve", pattern], check=True)
    brought = {artifact(jar) for jar in SPARK_JARS.glob("*.jar")}
    for jar in folder.glob("*.jar"):
        if artifact(jar) in brought:
            jar.unlink()


if __name__ == "__main__":
    fetch(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "")
