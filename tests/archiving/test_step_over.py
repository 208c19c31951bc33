"""The command that lets the archive go on behind records that nobody can read."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from services.archiving import step_over
from services.archiving.folder_store import FolderStore
from services.archiving.footer import Footer
from services.archiving.naming import decision_name
from services.archiving.step_over import REASON, RefusedError, decide
from services.archiving.upload import footer_at
from services.stream.connection import KafkaConnection
from services.stream.identity import asked_topic_id
from tests.archiving.chains import TOPIC_ID, put_decision, put_fences, put_records
from tests.archiving.scripted import ScriptedStore


def decision(begin: int, end: int) -> Footer:
    return Footer(TOPIC_ID, 1, begin, end, "decision", REASON)


def test_at_the_chains_end_it_decides_where_the_chain_goes_on() -> None:
    store = ScriptedStore()
    put_records(store, 0, 5)
    assert decide(store, decision(5, 9)) is True
    assert footer_at(store, decision_name(TOPIC_ID, 1, 5)) == decision(5, 9)


def test_the_same_decision_may_be_made_again_also_once_it_is_fenced() -> None:
    store = ScriptedStore()
    put_records(store, 0, 5)
    decide(store, decision(5, 9))
    assert decide(store, decision(5, 9)) is False
    put_fences(store, 5, 9)
    put_records(store, 9, 12)
    assert decide(store, decision(5, 9)) is False


def test_a_chain_that_begins_with_a_decision_goes_on_at_its_end() -> None:
    store = ScriptedStore()
    put_decision(store, 0, 500)
    assert decide(store, decision(500, 501)) is True


def test_a_timeline_without_objects_stands_where_it_begins() -> None:
    assert decide(ScriptedStore(), decision(300, 301), chain_begin=300) is True


@pytest.mark.parametrize(
    ("position", "end", "said"),
    [
        (5, 10, "it is decided already that 5 goes on at 9"),
        (3, 4, "ends at 9, not at 3"),
        (20, 21, "ends at 9, not at 20"),
    ],
)
def test_what_contradicts_the_archive_is_refused(position: int, end: int, said: str) -> None:
    store = ScriptedStore()
    put_records(store, 0, 5)
    put_decision(store, 5, 9)
    before = dict(store.objects)
    with pytest.raises(RefusedError, match=said):
        decide(store, decision(position, end))
    assert store.objects == before


def test_the_command_asks_kafka_for_the_topic(
    kafka: KafkaConnection, fresh_topic: Callable[..., str], tmp_path: Path
) -> None:
    topic = fresh_topic(partitions=1)
    where = ["--kafka-bootstrap-servers", kafka.bootstrap_servers, "--reports-topic", topic]
    command = [*where, "--store-folder", str(tmp_path), "--partition", "0", "--to", "3"]
    result = CliRunner().invoke(step_over.main, [*command, "--position", "0"])
    assert result.output == "decided: partition 0 goes on from 0 at 3\n"
    name = decision_name(asked_topic_id(kafka, topic)[:8], 0, 0)
    found = footer_at(FolderStore(tmp_path), name)
    assert found is not None
    assert (found.kind, found.end, found.reason) == ("decision", 3, REASON)
    result = CliRunner().invoke(step_over.main, [*command, "--position", "1"])
    assert result.exit_code == 1
    assert "ends at 3, not at 1" in result.output
    result = CliRunner().invoke(step_over.main, [*command, "--position", "3"])
    assert result.exit_code == 2
