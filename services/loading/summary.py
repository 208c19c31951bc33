"""What the person at the terminal reads: how far it is, what became of the rows. Pure."""

from dataclasses import dataclass

from services.loading.checkpoint import Checkpoint, Counts
from services.loading.journal import Places


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a text is: rows in all, and since `seconds` ago, when `first_share` of it was done.

    Shares are 0 to 1, None where nobody knows.
    """

    counts: Counts
    rows_since: int
    seconds: float
    share: float | None
    first_share: float | None


def standing_text(standing: Standing) -> str:
    """`45 %, 123,000 rows, 19,000 rows/s, 218 rejected, 1:20 left`."""
    counts = standing.counts
    parts = [
        *([] if standing.share is None else [f"{standing.share:.0%}"]),
        f"{counts.rows:,} rows",
        f"{standing.rows_since / max(standing.seconds, 0.001):,.0f} rows/s",
        f"{counts.rejected_rows:,} rejected",
        *left_text(standing),
    ]
    return ", ".join(parts)


def left_text(standing: Standing) -> list[str]:
    """`1:20 left`, or nothing while that cannot be told."""
    if standing.share is None or standing.first_share is None:
        return []
    done = standing.share - standing.first_share
    if done <= 0:
        return []
    seconds = round(standing.seconds * max(1 - standing.share, 0.0) / done)
    hours, minutes = divmod(seconds // 60, 60)
    clock = f"{hours}:{minutes:02}:{seconds % 60:02}" if hours else f"{minutes}:{seconds % 60:02}"
    return [f"{clock} left"]


def counts_text(name: str, counts: Counts, places: Places, is_dry_run: bool) -> str:
    """The closing summary of one text: rows, sent, rejected, and of these so many by reason."""
    where = f" (see {places.rejected})" if places.rejected and counts.rejected_rows else ""
    sent = "valid" if is_dry_run else "sent"
    reasons = sorted(counts.rejected.items(), key=lambda item: (-item[1], item[0]))
    return "\n".join(
        [
            f"{name}: {counts.rows:,} rows",
            f"  {counts.sent:>12,} {sent}",
            f"  {counts.rejected_rows:>12,} rejected{where}",
            *(f"  {count:>16,} {reason}" for reason, count in reasons),
        ]
    )


def ending_text(checkpoint: Checkpoint, places: Places) -> str:
    """How to go on behind what is done."""
    line = f"  stopped before line {checkpoint.position.line_number:,}"
    if places.checkpoint is None:
        return f"{line}: without --checkpoint it begins anew"
    return f"{line}: the same command continues there (see {places.checkpoint})"
