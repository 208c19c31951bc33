"""The ledger: what was acknowledged where, and which alerts must follow. Read by tests and demo.

A file of JSON lines that only grows. A line is complete when its line break is there: the last
line of a process that was killed may be torn; readers pass over it, the next writer removes it.
A process killed between an acknowledgement and its line (kill -9) leaves at most one batch of
records in the topic that are not in the ledger; stopped by SIGTERM it leaves none.
"""

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

READ_BYTES = 1 << 16

Outcome = Literal["acknowledged", "unknown"]


class Entry(Struct, frozen=True, gc=False, omit_defaults=True):
    """One record that was sent.

    unknown: it may stand in the topic, once, or not at all; partition and offset are then None.
    report_id is None for a record that is no report. digest is SHA-256, hexadecimal, of such a
    record's value, and None where the value is null. alerts are the expected alert ids.
    """

    partition: int | None = None
    offset: int | None = None
    report_id: str | None = None
    alerts: tuple[str, ...] = ()
    drone_id: str | None = None
    digest: str | None = None
    fault: str | None = None
    outcome: Outcome = "acknowledged"


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Entry)


def digest(value: bytes | None) -> str | None:
    """SHA-256 of a record's value, hexadecimal; None for a null value."""
    return None if value is None else hashlib.sha256(value).hexdigest()


class Ledger:
    """The one writer of a ledger; raises OSError when the file cannot be written."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        complete_bytes = _complete_bytes(self._descriptor)
        if os.fstat(self._descriptor).st_size > complete_bytes:
            os.ftruncate(self._descriptor, complete_bytes)

    def append(self, entries: Sequence[Entry]) -> None:
        """Hand the entries to the operating system; a kill of this process keeps them."""
        remaining = memoryview(_encoder.encode_lines(entries))
        while remaining:
            remaining = remaining[os.write(self._descriptor, remaining) :]

    def close(self) -> None:
        """Nothing may be appended afterwards."""
        os.close(self._descriptor)


def _complete_bytes(descriptor: int) -> int:
    """Length of the file up to and with its last line break."""
    end = os.fstat(descriptor).st_size
    while end > 0:
        start = max(end - READ_BYTES, 0)
        found = os.pread(descriptor, end - start, start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0


def entries(path: Path) -> Iterator[Entry]:
    """The entries one by one, in the order they were written; a torn last line is left out."""
    with path.open("rb") as lines:
        for line in lines:
            if line.endswith(b"\n"):
                yield _decoder.decode(line)


def expected_alert_ids(path: Path) -> frozenset[str]:
    """Ids of all alerts that acknowledged reports must raise, each once."""
    return frozenset(
        alert
        for entry in entries(path)
        if entry.outcome == "acknowledged"
        for alert in entry.alerts
    )


def possible_alert_ids(path: Path) -> frozenset[str]:
    """Ids of alerts that reports of unknown outcome may raise."""
    return frozenset(
        alert for entry in entries(path) if entry.outcome == "unknown" for alert in entry.alerts
    )
