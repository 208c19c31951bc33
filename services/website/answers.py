"""What an analysis answered, as the pages show it. Pure: the bytes of its files come in.

The files' format: spark-operator/analysis/results.py.
"""

import csv
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

GROUPS = {"parking": "Parking", "crowd": "Crowds", "fleet": "Fleet"}
OTHERS = "Other questions"
GROUP_NAMES = (*GROUPS.values(), OTHERS)
SOURCES = {"nypd": "History (New York)", "drone": "Drones"}
# A spreadsheet takes a text that begins so for a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")

T = TypeVar("T")
Row = dict[str, Any]


class Run(Struct, frozen=True):
    """One run of the analysis: what it read, of which arrivals (UTC)."""

    name: str
    started_at: datetime
    arrived_from: datetime | None = None
    arrived_before: datetime | None = None
    input_rows: dict[str, int] = {}


class Manifest(Struct, frozen=True):
    """What an answer is and how it came about."""

    question: str
    title: str
    run: Run
    answered_at: datetime
    rows: int
    is_cut: bool
    columns: list[str]


class Answer(Struct, frozen=True):
    """An answer's table."""

    columns: list[str]
    rows: list[Row]


def manifest(content: bytes | None) -> Manifest | None:
    """The manifest in a latest.json; None where there is none, or none that can be read."""
    return _decoded(content, Manifest)


def answer(content: bytes | None) -> Answer | None:
    """The table in an answer.json; None where there is none, or none that can be read."""
    return _decoded(content, Answer)


def _decoded(content: bytes | None, kind: type[T]) -> T | None:
    try:
        return msgspec.json.decode(content, type=kind) if content else None
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def grouped(manifests: Sequence[Manifest]) -> list[tuple[str, list[Manifest]]]:
    """What belongs together, by the first word of the questions' names; what is asked by SQL last.

    Groups without a manifest are left out.
    """
    found = [(_group(manifest), manifest) for manifest in manifests]
    groups = [(name, [m for group, m in found if group == name]) for name in GROUP_NAMES]
    return [(name, members) for name, members in groups if members]


def _group(manifest: Manifest) -> str:
    return GROUPS.get(manifest.question.partition("-")[0], OTHERS)


def sides(table: Answer) -> list[tuple[str, Answer]]:
    """Tables to be read side by side: one a source where rows have one, else the whole, unnamed."""
    sources = list(dict.fromkeys(str(row.get("source")) for row in table.rows))
    if "source" not in table.columns or len(sources) < 2:
        return [("", table)]
    columns = [name for name in table.columns if name != "source"]
    return [
        (
            SOURCES.get(source, source),
            Answer(columns, [row for row in table.rows if str(row.get("source")) == source]),
        )
        for source in sorted(sources, reverse=True)
    ]


def csv_text(table: Answer) -> str:
    """RFC 4180, with a head line; a text that a spreadsheet would calculate is quoted with '."""
    lines = _Lines()
    writer = csv.writer(lines, lineterminator="\r\n")
    writer.writerow([_plain(name) for name in table.columns])
    writer.writerows([_plain(row.get(name)) for name in table.columns] for row in table.rows)
    return "".join(lines)


class _Lines(list[str]):
    """What csv writes to; no file."""

    write = list.append


def _plain(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return f"'{value}"
    return value


def fleet_rows(gaps: Answer | None, alerts: Mapping[str, int]) -> list[Row]:
    """One row a drone out of those a drone and day of `fleet-gaps`, and its alerts, by name.

    drone_id, alerts, days, reports, gaps, longest_gap_minutes, silent_minutes; None: not known.
    """
    rows = gaps.rows if gaps else []
    drones = sorted({str(row["drone_id"]) for row in rows if row.get("drone_id")} | set(alerts))
    return [
        {"drone_id": drone, "alerts": alerts.get(drone, 0)}
        | _days([row for row in rows if row.get("drone_id") == drone])
        for drone in drones
    ]


def _days(days: Sequence[Row]) -> Row:
    if not days:
        names = ("days", "reports", "gaps", "longest_gap_minutes", "silent_minutes")
        return dict.fromkeys(names)
    longest_seconds = max(row.get("longest_gap_seconds") or 0 for row in days)
    return {
        "days": len(days),
        "reports": sum(row.get("reports") or 0 for row in days),
        "gaps": sum(row.get("gaps") or 0 for row in days),
        "longest_gap_minutes": round(longest_seconds / 60, 1),
        "silent_minutes": round(sum(row.get("silent_minutes") or 0 for row in days), 1),
    }
