"""The Spark image's entrypoint, with programs in the places of Java and spark-submit that print
how they were called."""

import os
import subprocess
from pathlib import Path

import pytest

ENTRYPOINT = Path(__file__).parents[2] / "images" / "spark" / "entrypoint"
PRINT = '#!/bin/sh\nfor word; do echo "$word"; done\n'


@pytest.fixture
def called(tmp_path: Path):
    for program in ("java/bin/java", "spark/bin/spark-submit"):
        (tmp_path / program).parent.mkdir(parents=True)
        (tmp_path / program).write_text(PRINT)
        (tmp_path / program).chmod(0o755)
    homes = {"JAVA_HOME": str(tmp_path / "java"), "SPARK_HOME": str(tmp_path / "spark")}

    def run(*arguments: str, **variables: str) -> list[str]:
        environ = {"PATH": os.environ["PATH"], **homes, **variables}
        command = [str(ENTRYPOINT), *arguments]
        ran = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
        return ran.stdout.splitlines()

    return run


def test_a_driver_is_submitted_in_client_mode_on_its_own_address(called) -> None:
    words = called("driver", "--class", "X", "a b", SPARK_DRIVER_BIND_ADDRESS="10.0.0.1")
    assert words == [
        "--conf",
        "spark.driver.bindAddress=10.0.0.1",
        "--conf",
        "spark.executorEnv.SPARK_DRIVER_POD_IP=10.0.0.1",
        "--deploy-mode",
        "client",
        "--class",
        "X",
        "a b",
    ]


def test_an_executor_gets_javas_options_one_by_one_and_who_it_is(called) -> None:
    names = ("DRIVER_URL", "EXECUTOR_ID", "EXECUTOR_CORES", "APPLICATION_ID", "EXECUTOR_POD_IP")
    names += ("RESOURCE_PROFILE_ID", "EXECUTOR_POD_NAME")
    words = called(
        "executor",
        SPARK_EXECUTOR_MEMORY="1g",
        SPARK_JAVA_OPT_0="-Da=with a space",
        SPARK_JAVA_OPT_1="-Db=$HOME;*",
        **{f"SPARK_{name}": name.lower() for name in names},
    )
    assert words[:4] == ["-Da=with a space", "-Db=$HOME;*", "-Xms1g", "-Xmx1g"]
    assert words[6] == "org.apache.spark.scheduler.cluster.k8s.KubernetesExecutorBackend"
    told = dict(zip(words[7::2], words[8::2], strict=True))
    assert told == {
        "--driver-url": "driver_url",
        "--executor-id": "executor_id",
        "--cores": "executor_cores",
        "--app-id": "application_id",
        "--hostname": "executor_pod_ip",
        "--resourceProfileId": "resource_profile_id",
        "--podName": "executor_pod_name",
    }


def test_anything_else_runs_as_it_stands(called) -> None:
    assert called("echo", "hello") == ["hello"]
