"""What a folder of Parquet files holds, counted from the files. For bench.archiving."""

from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq


@dataclass(frozen=True, slots=True)
class Archived:
    """Rows of both kinds; files and their bytes."""

    rows: int
    rejected: int
    files: int
    size_bytes: int


def archived(folder: Path) -> Archived:
    """Counts every row; a row is rejected if it says why."""
    files = [path for path in folder.rglob("*.parquet") if not path.name.startswith((".", "_"))]
    reasons = [pq.read_table(path, columns=["rejected_reason"]).column(0) for path in files]
    return Archived(
        rows=sum(map(len, reasons)),
        rejected=sum(len(column) - column.null_count for column in reasons),
        files=len(files),
        size_bytes=sum(path.stat().st_size for path in files),
    )
