"""What a test of the loader has at hand: files, the command, and what became of the rows."""

import csv
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from local.processes import Child, Goal, await_until, kill, start
from services.loading.checkpoint import Checkpoint, read
from services.loading.loader import BATCH_ROWS
from services.reports.codec import Rejection, decoded
from services.stream.connection import KafkaConnection
from simulator.history import History
from simulator.history_file import (
    Entry,
    entries,
    report_ids,
    unsound_lines,
    write_history,
)
from tests.faults.evidence import KafkaRecord, topic_records

HEADER = "Summons Number,Issue Date,Violation Code,Violation Time"
WAIT_SECONDS = 300.0
SAID_SECONDS = 60.0


def row(number: int, time: str = "0857A") -> str:
    """A sound row, unless its time is none."""
    return f"{1_400_000_000 + number},07/04/2013,46,{time}"


def ids(*numbers: int) -> Counter[str]:
    """Of the reports of these rows."""
    return Counter(f"nypd-{1_400_000_000 + number}" for number in numbers)


def written(file: Path, *rows: str) -> Path:
    """The file, of these rows below the header."""
    file.write_text("\n".join((HEADER, *rows, "")))
    return file


@dataclass(frozen=True, slots=True)
class Written:
    """A history file and what the simulator knows of its rows."""

    file: Path
    entries: list[Entry]

    @property
    def report_ids(self) -> Counter[str]:
        """Of the sound rows; some summonses stand there more than once."""
        return report_ids(self.entries)

    @property
    def faulty_lines(self) -> list[int]:
        """Line numbers of the others."""
        return unsound_lines(self.entries)

    @property
    def checkpoint_file(self) -> Path:
        """Where the loader's progress stands."""
        return Path(f"{self.file}.checkpoint.json")

    @property
    def checkpoint(self) -> Checkpoint | None:
        """How far it is loaded."""
        return read(self.checkpoint_file)

    @property
    def rejected_lines(self) -> list[int]:
        """The line numbers in FILE.rejected.csv."""
        with Path(f"{self.file}.rejected.csv").open(newline="") as file:
            return [int(line["line_number"]) for line in csv.DictReader(file)]


@dataclass(frozen=True, slots=True)
class Scene:
    """A topic, and a folder of the test's own."""

    kafka: KafkaConnection
    topic: str
    folder: Path

    def history(self, rows: int, fault_share: float = 0.03) -> Written:
        """A file as the city publishes it."""
        file, ledger = self.folder / "history.csv", self.folder / "history.ledger"
        write_history(History(rows, fault_share, seed=5), file, ledger)
        return Written(file, list(entries(ledger)))

    def command(self, *arguments: object) -> list[str]:
        """`dronewatch-load` with these arguments."""
        kafka = ("--kafka-bootstrap-servers", self.kafka.bootstrap_servers, "--topic", self.topic)
        return [sys.executable, "-m", "services.loading", *kafka, *map(str, arguments)]

    def loaded(self, *arguments: object, given: bytes = b"") -> "subprocess.CompletedProcess[str]":
        """How it ended, with what it printed; `given` is its standard input."""
        command = self.command(*arguments)
        done = subprocess.run(
            command, input=given, capture_output=True, timeout=WAIT_SECONDS, check=False
        )
        out, err = done.stdout.decode(), done.stderr.decode()
        assert "Traceback" not in err
        return subprocess.CompletedProcess(done.args, done.returncode, out, err)

    @contextmanager
    def loading(self, *arguments: object) -> Iterator[Child]:
        """The same while it runs; its words go to loading.log in the folder."""
        child = start("loading", self.command(*arguments), self.folder / "loading.log")
        try:
            yield child
        finally:
            kill(child)

    def records(self) -> list[KafkaRecord]:
        """All that stands in the topic."""
        return list(topic_records(self.kafka, self.topic).values())

    def records_count(self) -> int:
        """How many these are."""
        return len(self.records())

    def report_ids(self) -> Counter[str]:
        """Of the reports in the topic; there is nothing else in it."""
        judged = [decoded(record.value) for record in self.records()]
        assert not [each for each in judged if isinstance(each, Rejection)]
        return Counter(each.report_id for each in judged if not isinstance(each, Rejection))


def await_said(child: Child, words: str) -> None:
    """Until its log holds these words."""
    goal = Goal(f"it should say {words!r}", SAID_SECONDS)
    await_until(lambda: words in child.log_file.read_text(), [child], goal)


def await_progress(child: Child, file: Written) -> None:
    """Until the checkpoint moved on."""
    before = rows_done(file)
    goal = Goal(f"more than {before} rows should be loaded", WAIT_SECONDS)
    await_until(lambda: rows_done(file) > before, [child], goal)


def rows_done(file: Written) -> int:
    """By the checkpoint."""
    checkpoint = file.checkpoint
    return checkpoint.counts.rows if checkpoint else 0


def assert_accounted_for(file: Written, sent: Counter[str], runs: int) -> None:
    """Each sound row sent, at most a batch a run twice; each other row rejected exactly once."""
    assert not file.report_ids - sent
    assert (sent - file.report_ids).total() <= BATCH_ROWS * (runs - 1)
    assert sent.keys() == file.report_ids.keys()
    assert file.rejected_lines == file.faulty_lines
    checkpoint = file.checkpoint
    assert checkpoint
    assert checkpoint.is_done
    assert checkpoint.counts.sent == file.report_ids.total()
    assert checkpoint.counts.rejected_rows == len(file.faulty_lines)
