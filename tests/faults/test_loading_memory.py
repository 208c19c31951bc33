"""The loader's memory on two million rows, some of them broken, and one line of 10 MB."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.meter import metered
from local.processes import await_end, running, start
from services.stream.connection import KafkaConnection
from simulator.history import History
from simulator.history_file import write_history

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1_800)]
ROWS = 2_000_000
LIMIT_BYTES = 64 * 1024 * 1024


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two million rows and that line."""
    file = tmp_path_factory.mktemp("history") / "history.csv"
    write_history(History(ROWS, fault_share=0.05), file, None)
    with file.open("ab") as end:
        end.write(b'"' + b"x" * 10_000_000 + b"\n")
    return file


def test_two_million_rows_and_a_line_of_ten_megabytes_take_64_megabytes_at_most(
    history: Path, kafka: KafkaConnection, fresh_topic: Callable[..., str], tmp_path: Path
) -> None:
    given = ["--kafka-bootstrap-servers", kafka.bootstrap_servers, "--topic", fresh_topic()]
    command = [sys.executable, "-m", "services.loading", str(history), *given]
    child = start("loading", command, tmp_path / "loading.log")
    with running(child), metered(child.popen.pid) as meter:
        await_end(child, 1_500)
    assert f"history.csv: {ROWS + 1:,} rows" in child.log_file.read_text()
    assert 30_000_000 < meter.cost.peak_rss_bytes <= LIMIT_BYTES
