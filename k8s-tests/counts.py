"""What a platform's archive holds, counted without Spark: its objects, read from outside."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from cluster.access import store_access
from cluster.archive import copied, object_names
from cluster.release import Platform

Row = dict[str, Any]
ARRIVAL_ORDER = ("kafka_timestamp", "kafka_partition", "kafka_offset")
AGITATION_BELOW = 0.1


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows of the archive, and of these the reports: each report_id once, its first arrival."""

    rows: Sequence[Row]
    reports: Sequence[Row]

    @property
    def tally(self) -> dict[str, int]:
        rejected = sum(row["rejected_reason"] is not None for row in self.rows)
        copies = len(self.rows) - rejected - len(self.reports)
        read = {"rows": len(self.rows), "reports": len(self.reports)}
        return read | {"copies": copies, "rejected": rejected}

    def per_day(self) -> dict[str, int]:
        return Counter(report["time"].date().isoformat() for report in self.reports)

    def codes(self) -> Counter[str]:
        """Violations of each code."""
        violations = (report["violation"] for report in self.reports)
        return Counter(violation["code"] for violation in violations if violation)

    def alerts_by_hour(self) -> dict[int, tuple[int, int]]:
        """Citizens seen and, of them, agitated ones, in each hour of the day (UTC)."""
        scores: dict[int, list[float]] = {hour: [] for hour in range(24)}
        for report in self.reports:
            scores[report["time"].hour] += (each["score"] for each in report["citizens"])
        return {
            hour: (len(seen), sum(score < AGITATION_BELOW for score in seen))
            for hour, seen in scores.items()
        }


def archive_rows(platform: Platform) -> list[Row]:
    """Every row, in the order of arrival."""
    with store_access(platform, "analysis") as store, copied(store, object_names(store)) as folder:
        tables = [pq.read_table(path, partitioning=None) for path in folder.rglob("*.parquet")]
    rows: list[Row] = pa.concat_tables(tables).to_pylist()
    return sorted(rows, key=lambda row: tuple(row[name] for name in ARRIVAL_ORDER))


def counts(rows: Sequence[Row]) -> Counts:
    """Of rows in the order of arrival."""
    reports = [row for row in rows if row["rejected_reason"] is None]
    first = {report["report_id"]: report for report in reversed(reports)}
    return Counts(rows, list(first.values()))
