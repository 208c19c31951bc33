"""A broker that asks for a password: the right one works, a wrong one is named in one line."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from kafka import KafkaAdminClient
from kafka.admin import UserScramCredentialUpsertion

from local import kafka as local_kafka
from local.kafka import running_kafka
from local.ports import HOST, free_port
from local.processes import Goal, await_until
from services.reports.topics import REPORTS, TOPICS, Topic
from services.stream.connection import PASSWORD_VARIABLE, KafkaConnection, client_settings
from services.stream.topics import create_topics
from tests.faults.crew import Crew
from tests.stream.members import awaited, member, send

USER, PASSWORD = "archiver", "correct horse"
CONFIGS = next(topic.configs for topic in TOPICS if topic.name == REPORTS)


@pytest.fixture(scope="module")
def sasl(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaConnection]:
    """A broker with a listener that wants SCRAM, and a user who may."""
    port = free_port()
    with pytest.MonkeyPatch.context() as patch:
        plain = local_kafka.broker_settings

        def with_sasl(data: Path, plain_port: int, controller_port: int) -> dict[str, str]:
            return _with_listener(plain(data, plain_port, controller_port), port)

        patch.setattr(local_kafka, "broker_settings", with_sasl)
        with running_kafka(tmp_path_factory.mktemp("sasl")) as server:
            create_topics(server.connection, [Topic(REPORTS, 1, CONFIGS)])
            _add_user(server.connection)
            yield KafkaConnection(
                f"{HOST}:{port}", "SASL_PLAINTEXT", username=USER, password=PASSWORD
            )


def _with_listener(settings: dict[str, str], port: int) -> dict[str, str]:
    listener = f"SASL_PLAINTEXT://{HOST}:{port}"
    return settings | {
        "listeners": f"{settings['listeners']},{listener}",
        "advertised.listeners": f"{settings['advertised.listeners']},{listener}",
        "listener.security.protocol.map": (
            "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT"
        ),
        "sasl.enabled.mechanisms": "SCRAM-SHA-512,SCRAM-SHA-256",
        "listener.name.sasl_plaintext.scram-sha-512.sasl.jaas.config": (
            "org.apache.kafka.common.security.scram.ScramLoginModule required;"
        ),
        "listener.name.sasl_plaintext.scram-sha-256.sasl.jaas.config": (
            "org.apache.kafka.common.security.scram.ScramLoginModule required;"
        ),
    }


def _add_user(connection: KafkaConnection) -> None:
    with KafkaAdminClient(**client_settings(connection)) as admin:
        users = [
            UserScramCredentialUpsertion(USER, mechanism, PASSWORD)
            for mechanism in ("SCRAM-SHA-512", "SCRAM-SHA-256")
        ]
        for user in users:
            admin.alter_user_scram_credentials([user])


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-512", "SCRAM-SHA-256"])
def test_the_right_password_reads_writes_and_commits(
    sasl: KafkaConnection, group_id: str, mechanism: str
) -> None:
    connection = replace(sasl, sasl_mechanism=mechanism)
    with member(connection, REPORTS, group_id) as one:
        send(connection, REPORTS, 3)
        assert awaited(lambda: one.worker.count >= 3)


@pytest.mark.parametrize("component", ["alerting", "archiving"])
def test_a_wrong_password_is_one_clear_line_that_says_what_to_look_at(
    sasl: KafkaConnection, tmp_path: Path, component: str
) -> None:
    """It waits: whoever rotates passwords may change them here and there in any order."""
    secret = tmp_path / "password"
    secret.write_text("not this one\n")
    arguments = ["-m", f"services.{component}", "--kafka-username", USER]
    arguments += ["--kafka-bootstrap-servers", sasl.bootstrap_servers]
    arguments += ["--kafka-security-protocol", "SASL_PLAINTEXT"]
    arguments += ["--kafka-password-file", str(secret)]
    arguments += ["--store-folder", str(tmp_path / "a")] if component == "archiving" else []
    crew = Crew(arguments, {}, tmp_path)
    member = crew.add()
    says_so = Goal("it should say what to look at", 60)
    await_until(lambda: "--kafka-username" in crew.logs(), [member.child], says_so)
    member.child.popen.terminate()
    assert member.child.popen.wait(15) == 0
    [line] = [line for line in crew.logs().splitlines() if "waiting" in line]
    assert f"it may refuse user {USER}" in line
    assert PASSWORD_VARIABLE in line
    assert "not this one" not in crew.logs()
    assert "Traceback" not in crew.logs()
