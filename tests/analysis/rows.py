"""Rows of the archive as docs/report.md describes them, and how to write them."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

TELEMETRY = (
    "battery",
    "motor_temperature_celsius",
    "vibration_g",
    "flight_hours",
    "signal_dbm",
)
SCHEMA = pa.schema(
    {
        "kafka_partition": pa.int32(),
        "kafka_offset": pa.int64(),
        "kafka_timestamp": pa.timestamp("ms", "UTC"),
        "report_id": pa.string(),
        "drone_id": pa.string(),
        "source": pa.string(),
        "time": pa.timestamp("us", "UTC"),
        "location": pa.struct(
            {"latitude": pa.float64(), "longitude": pa.float64(), "place": pa.string()}
        ),
        "violation": pa.struct({"code": pa.string(), "image_id": pa.string()}),
        "citizens": pa.list_(pa.struct({"name": pa.string(), "score": pa.float64()})),
        "words": pa.list_(pa.string()),
        "telemetry": pa.struct(dict.fromkeys(TELEMETRY, pa.float64())),
        "rejected_value": pa.binary(),
        "rejected_reason": pa.string(),
    }
)


def at(text: str) -> datetime:
    """A time in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def report(number: int, **fields: Any) -> dict[str, Any]:
    """A row: a drone's report of Monday noon with nothing to tell, but for the given fields."""
    nothing = dict.fromkeys(SCHEMA.names)
    usual = {
        "kafka_partition": 0,
        "kafka_offset": number,
        "kafka_timestamp": at("2026-03-02T12:00:01"),
        "report_id": f"r{number}",
        "drone_id": "d1",
        "source": "drone",
        "time": at("2026-03-02T12:00:00"),
        "citizens": [],
        "words": [],
    }
    return nothing | usual | {"date": None, "hour": None} | fields


def rejected(number: int, **fields: Any) -> dict[str, Any]:
    """A row of a record that is no report."""
    arrived = {"kafka_timestamp": at("2026-03-02T12:00:01"), "kafka_partition": 0}
    reason = {"rejected_value": b"{", "rejected_reason": "truncated", "kafka_offset": number}
    return dict.fromkeys(SCHEMA.names) | arrived | reason | fields


def telemetry(battery: float, signal_dbm: float) -> dict[str, float | None]:
    """A drone's telemetry of which only these matter."""
    return dict.fromkeys(TELEMETRY) | {"battery": battery, "signal_dbm": signal_dbm}


def people(*scores: float) -> list[dict[str, Any]]:
    """Citizens with these scores."""
    return [{"name": f"Person {number}", "score": score} for number, score in enumerate(scores)]


def write_rows(archive: Path, rows: list[dict[str, Any]]) -> Path:
    """Write one object as archiving does; its folder is the first row's hour of arrival."""
    first = rows[0]
    folder = archive / "reports" / f"{first['kafka_timestamp']:date=%Y-%m-%d/hour=%H}"
    folder.mkdir(parents=True, exist_ok=True)
    name = f"deadbeef-{first['kafka_partition']:05}-{first['kafka_offset']:020}.parquet"
    bare = [{name: row[name] for name in SCHEMA.names} for row in rows]
    pq.write_table(pa.Table.from_pylist(bare, SCHEMA), folder / name, compression="zstd")
    return folder / name
