"""The ledger's file: what was appended is read again, also after a kill in mid-line."""

from hashlib import sha256
from pathlib import Path

import pytest

from simulator.ledger import (
    Entry,
    Ledger,
    digest,
    entries,
    expected_alert_ids,
    possible_alert_ids,
)

REPORT = Entry(partition=3, offset=17, report_id="d-1", alerts=("d-1-agitation-0",))
GARBAGE = Entry(partition=0, offset=4, drone_id="d", digest=digest(b"{"), fault="truncated")
NULL = Entry(partition=0, offset=5, drone_id="d", fault="null")
UNKNOWN = Entry(report_id="d-2", alerts=("d-2-violation-0",), outcome="unknown")
ALL = [REPORT, GARBAGE, NULL, UNKNOWN]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.jsonl"


def write(path: Path, batch: list[Entry]) -> None:
    ledger = Ledger(path)
    ledger.append(batch)
    ledger.close()


def test_entries_come_back_as_they_were_appended(path: Path) -> None:
    write(path, ALL)
    assert list(entries(path)) == ALL


def test_a_second_run_appends(path: Path) -> None:
    write(path, [REPORT])
    write(path, [GARBAGE])
    assert list(entries(path)) == [REPORT, GARBAGE]


def test_entries_can_be_read_before_the_ledger_is_closed(path: Path) -> None:
    ledger = Ledger(path)
    ledger.append([REPORT])
    assert list(entries(path)) == [REPORT]
    ledger.close()


@pytest.mark.parametrize("torn_bytes", [1, 5, 30])
def test_a_torn_last_line_is_passed_over_and_removed_by_the_next_writer(
    path: Path, torn_bytes: int
) -> None:
    write(path, [REPORT, GARBAGE])
    path.write_bytes(path.read_bytes()[:-torn_bytes])
    assert list(entries(path)) == [REPORT]
    write(path, [UNKNOWN])
    assert list(entries(path)) == [REPORT, UNKNOWN]


def test_a_ledger_that_is_one_torn_line_is_empty(path: Path) -> None:
    path.write_bytes(b'{"partition":' + b" " * 200_000)
    assert list(entries(path)) == []
    write(path, [REPORT])
    assert list(entries(path)) == [REPORT]


def test_expected_alerts_are_those_of_acknowledged_reports_each_once(path: Path) -> None:
    write(path, [*ALL, REPORT])
    assert expected_alert_ids(path) == {"d-1-agitation-0"}
    assert possible_alert_ids(path) == {"d-2-violation-0"}


def test_a_digest_tells_an_empty_value_from_a_null_one() -> None:
    assert digest(None) is None
    assert digest(b"") == sha256(b"").hexdigest()
