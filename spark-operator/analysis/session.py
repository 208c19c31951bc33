"""The Spark session: quick and quiet on one machine, as configured outside under spark-submit."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import click
from pyspark import SparkConf, SparkContext
from pyspark.errors import PySparkException
from pyspark.java_gateway import launch_gateway
from pyspark.sql import SparkSession

HADOOP_VERSION = "3.5.0"
# The one Hadoop 3.5.0 was built with; its own choice, the bundle, is 600 MB.
AWS_SDK_VERSION = "2.35.4"
AWS_SDK_MODULES = ("s3", "s3-transfer-manager", "sts", "apache-client", "netty-nio-client")
S3A_PACKAGES = (
    f"org.apache.hadoop:hadoop-aws:{HADOOP_VERSION}",
    *(f"software.amazon.awssdk:{module}:{AWS_SDK_VERSION}" for module in AWS_SDK_MODULES),
)

END_SECONDS = 20

# It warns, a dozen times a question, of windows over all rows: ours have few.
TALKATIVE = "org.apache.spark.sql.execution.window.WindowExec"

SESSION_SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    # A query has no business with environment variables or with files outside the archive.
    "spark.sql.variable.substitute": "false",
    "spark.sql.runSQLOnFiles": "false",
    # What is kept on disk, too, has as many partitions as its size asks for: of a small archive's
    # repeated ids not 200, each of which cost every question a task.
    "spark.sql.optimizer.canChangeCachedPlanOutputPartitioning": "true",
}
LOCAL_SETTINGS = {
    "spark.app.name": "dronewatch-analysis",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.catalogImplementation": "in-memory",
    # The quick compiler alone: over in half the time where Spark's own start is most of the work.
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1",
    # One machine's cores; Spark's 200 are for a cluster.
    "spark.sql.shuffle.partitions": str(os.cpu_count() or 2),
}
S3A_SETTINGS = {
    "spark.jars.packages": ",".join(S3A_PACKAGES),
    "spark.jars.excludes": "software.amazon.awssdk:bundle",
}


def is_submitted(environment: Mapping[str, str]) -> bool:
    """Whether spark-submit (or the operator) started us: then it says master, jars, memory."""
    return "PYSPARK_GATEWAY_PORT" in environment


def launch_settings(master: str, scratch: Path, needs_s3a: bool) -> dict[str, str]:
    """What Spark must know before it starts; it keeps its temporary files in the scratch folder."""
    if is_submitted(os.environ):
        return SESSION_SETTINGS
    folders = {"spark.local.dir": str(scratch), "spark.sql.warehouse.dir": str(scratch)}
    local = {"spark.master": master, **LOCAL_SETTINGS, **SESSION_SETTINGS, **folders}
    return local | S3A_SETTINGS if needs_s3a else local


@contextmanager
def spark_session(settings: Mapping[str, str], spark_log: Path) -> Iterator[SparkSession]:
    """A session for the time of the block; what Java prints goes to the log.

    ClickException if Java is missing or Spark does not start.
    """
    if not is_submitted(os.environ):
        _require_java()
    session = _started(SparkConf(loadDefaults=False).setAll(list(settings.items())), spark_log)
    try:
        yield session
    finally:
        session.stop()
        _end_java()


def _started(configuration: SparkConf, spark_log: Path) -> SparkSession:
    try:
        with spark_log.open("ab") as log:
            gateway = launch_gateway(configuration, {"stdout": log, "stderr": log})  # type: ignore[no-untyped-call]
        SparkContext(gateway=gateway, conf=configuration)
        log4j = gateway.jvm.org.apache.logging.log4j
        log4j.core.config.Configurator.setLevel(TALKATIVE, log4j.Level.ERROR)
    except PySparkException as error:
        raise click.ClickException(f"Spark did not start: {_last_words(spark_log)}") from error
    return SparkSession.builder.getOrCreate()


def _end_java() -> None:
    """Java ends when its input does; without waiting for it, it would outlive us by seconds."""
    gateway = SparkContext._gateway
    java = gateway.proc if gateway else None
    if gateway is None or java is None:
        return
    gateway.shutdown()
    SparkContext._gateway = SparkContext._jvm = None
    java.stdin.close()
    try:
        java.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        java.kill()
        java.wait()


def _require_java() -> None:
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home, "bin", "java")) if home else "java"
    if shutil.which(java) is None:
        where = f"in JAVA_HOME ({home})" if home else "on the PATH"
        raise click.ClickException(f"no Java {where}: install a Java 17 runtime, Spark needs it")


def _last_words(spark_log: Path) -> str:
    lines = [line for line in spark_log.read_text(errors="replace").splitlines() if line.strip()]
    telling = [line for line in lines if "rror" in line or "xception" in line]
    return (telling or lines or ["Java ended without a word"])[0].strip()
