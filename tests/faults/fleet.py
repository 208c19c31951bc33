"""The simulator as the fault tests run it: all missions, with faulty records, with a ledger."""

import sys
from collections.abc import Mapping
from pathlib import Path

from local.processes import Child, start
from services.stream.connection import KafkaConnection


def start_fleet(
    kafka: KafkaConnection, topic: str, folder: Path, more: Mapping[str, object]
) -> Child:
    """Start a simulator on the topic; its ledger and its log are in the folder."""
    given = {
        "--kafka-bootstrap-servers": kafka.bootstrap_servers,
        "--topic": topic,
        "--drones": 50,
        "--speed": "max",
        "--fault-share": 0.1,
        "--start": "2026-03-02T08:00:00Z",
        "--ledger": folder / "ledger.jsonl",
        "--health-port": 0,
    }
    options = [str(part) for pair in {**given, **more}.items() for part in pair]
    command = [sys.executable, "-m", "simulator", "run", *options]
    return start("simulator", command, folder / "simulator.log")
