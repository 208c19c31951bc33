"""Bench: a report's JSON read and written by msgspec, against the standard library's json."""

import json
from datetime import datetime
from typing import Any

from bench.corpus import report_values
from bench.tables import Row, Table, ratio
from bench.timing import per_second
from services.reports.codec import decoded, encoded
from services.reports.report import Report

REPORTS = 10_000
TARGET = 40_000
COLUMN = "reports/s"
TELEMETRY = ("battery", "motor_temperature_celsius", "vibration_g", "flight_hours", "signal_dbm")


def decode_table() -> Table:
    """Reading and writing, each with its peers."""
    values = report_values(REPORTS)
    reports = [report for value in values if isinstance(report := decoded(value), Report)]
    documents = [json.loads(value) for value in values]
    size = sum(map(len, values)) // len(values)
    typed = per_second(lambda: [decoded(value) for value in values], REPORTS)
    loads = per_second(lambda: [json.loads(value) for value in values], REPORTS)
    checked = per_second(lambda: [checked_by_hand(json.loads(v)) for v in values], REPORTS)
    written = per_second(lambda: [encoded(report) for report in reports], REPORTS)
    dumps = per_second(lambda: [json.dumps(d).encode() for d in documents], REPORTS)
    return Table(
        "decode: JSON to a valid report and back, one core",
        (
            f"{REPORTS:,} reports of {size} bytes on average, none below 600; median of 5 rounds.",
            "reports/s is a CPU second's. The ratio is ours to this peer.",
            f"Target: {TARGET:,} reports/s decoded.",
        ),
        (
            {"what": "decode: msgspec, typed and validated (ours)", COLUMN: typed},
            _peer("decode: json.loads, not validated", loads, typed),
            _peer("decode: json.loads, validated by hand", checked, typed),
            {"what": "encode: msgspec (ours)", COLUMN: written},
            _peer("encode: json.dumps", dumps, written),
        ),
    )


def _peer(what: str, peers: float, ours: float) -> Row:
    return {"what": what, COLUMN: peers, "ratio": ratio(ours, peers)}


def checked_by_hand(document: dict[str, Any]) -> dict[str, Any]:
    """What the typed decode checks, said in plain Python; ValueError if it does not hold."""
    _check(isinstance(document["report_id"], str) and 1 <= len(document["report_id"]) <= 128)
    _check(document["report_id"].isascii() and document["report_id"].isprintable())
    _check(isinstance(document["drone_id"], str))
    document["time"] = datetime.fromisoformat(document["time"])
    _check(document["time"].tzinfo is not None)
    _check(document["source"] in ("drone", "nypd"))
    _check_location(document["location"])
    _check(all(_is_citizen(citizen) for citizen in document["citizens"]))
    _check(all(isinstance(word, str) for word in document["words"]))
    _check(all(isinstance(document["telemetry"][name], int | float) for name in TELEMETRY))
    return document


def _check_location(location: dict[str, Any]) -> None:
    _check(isinstance(location["latitude"], int | float) and abs(location["latitude"]) <= 90)
    _check(isinstance(location["longitude"], int | float) and abs(location["longitude"]) <= 180)
    _check(location["place"] is None or isinstance(location["place"], str))


def _is_citizen(citizen: dict[str, Any]) -> bool:
    score = citizen["score"]
    return isinstance(citizen["name"], str) and isinstance(score, int | float) and 0 <= score <= 1


def _check(holds: bool) -> None:
    if not holds:
        raise ValueError("not a report")
