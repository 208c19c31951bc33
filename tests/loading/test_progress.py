"""What is shown while it runs: a bar on a terminal, lines elsewhere."""

import fcntl
import os
import re
import struct
import subprocess
import sys
import termios
import threading
from pathlib import Path

import pytest

from services.loading.checkpoint import Checkpoint, Counts, Identity
from services.loading.files import Input, opened
from services.loading.progress import Progress
from services.loading.splitting import Position
from services.loading.summary import Standing, standing_text
from tests.loading.scene import row, written


@pytest.mark.parametrize(
    ("standing", "text"),
    [
        (
            Standing(Counts(9_900, {"no time": 100}), 5_000, 10.0, 0.5, 0.25),
            "50%, 10,000 rows, 500 rows/s, 100 rejected, 0:20 left",
        ),
        (
            Standing(Counts(10), 10, 3_600.0, 0.01, 0.0),
            "1%, 10 rows, 0 rows/s, 0 rejected, 99:00:00 left",
        ),
        (Standing(Counts(), 0, 0.0, 0.0, 0.0), "0%, 0 rows, 0 rows/s, 0 rejected"),
        (Standing(Counts(7), 7, 7.0, None, None), "7 rows, 1 rows/s, 0 rejected"),
    ],
)
def test_a_standing_is_told_as_far_as_it_is_known(standing: Standing, text: str) -> None:
    assert standing_text(standing) == text


def test_on_a_terminal_a_bar_is_drawn_and_the_summary_follows(tmp_path: Path) -> None:
    file = written(tmp_path / "a.csv", *map(row, range(5_000)))
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
    command = [sys.executable, "-m", "services.loading", "--dry-run", str(file)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=theirs, check=True, timeout=60)
    os.close(theirs)
    drawn = os.read(ours, 65_536).decode()
    os.close(ours)
    assert re.search(r"\|.{20}\| a\.csv: \d+%, [\d,]+ rows, [\d,]+ rows/s, 0 rejected", drawn)
    assert b"5,000 valid" in done.stdout


def test_off_a_terminal_a_line_comes_now_and_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("services.loading.progress.LINE_SECONDS", 0.0)
    file = written(tmp_path / "a.csv", *map(row, range(9)))
    start = Checkpoint(Identity(None, ""), "reports", None, Position())
    half = Checkpoint(Identity(None, ""), "reports", None, Position(file.stat().st_size // 2, 5))
    with opened(Input(file), threading.Event()) as source:
        progress = Progress()
        progress.watch("a.csv", source, start)
        progress.show(half)
    assert capsys.readouterr().err.startswith("a.csv: 50%, 0 rows, 0 rows/s, 0 rejected, 0:00 left")
