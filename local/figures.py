"""The demo's figures. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figures:
    """What a run measured; latencies from report acknowledged to alert published.

    reports: the drones', in so many seconds; history_reports, history_rejected: rows of the file.
    mails, webhooks: how many alerts each carried; shown: alerts on the website.
    """

    reports: int
    seconds: float
    archive_objects: int
    archive_bytes: int
    alert_latencies_ms: Sequence[int]
    history_reports: int = 0
    history_rejected: int = 0
    mails: Sequence[int] = ()
    webhooks: Sequence[int] = ()
    shown: int = 0


def percentile(values: Sequence[int], share: float) -> int:
    """The smallest value that at least this share of all values do not exceed (nearest rank)."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def figure_lines(figures: Figures) -> list[str]:
    """The figures as lines to read."""
    archived = figures.reports + figures.history_reports
    return [
        f"Reports  {figures.reports:,} acknowledged in {figures.seconds:.1f} s:"
        f" {figures.reports / max(figures.seconds, 0.001):,.0f} reports/s",
        *_history_lines(figures),
        f"Archive  {figures.archive_objects} objects, {figures.archive_bytes / 1e6:.1f} MB:"
        f" {figures.archive_bytes / max(archived, 1):.1f} bytes/report",
        f"Alerts   {len(figures.alert_latencies_ms):,} published; {_latency_text(figures)}",
        f"Mails    {_notices_text(figures.mails)}",
        f"Webhooks {_notices_text(figures.webhooks)}",
        f"Website  {figures.shown:,} alerts",
    ]


def _history_lines(figures: Figures) -> list[str]:
    loaded, rejected = figures.history_reports, figures.history_rejected
    rows = loaded + rejected
    return [f"History  {loaded:,} of {rows:,} rows loaded; {rejected:,} set aside"] if rows else []


def _notices_text(notices: Sequence[int]) -> str:
    digests = sum(1 for alerts in notices if alerts > 1)
    return f"{len(notices):,}, of which {digests:,} digests, with {sum(notices):,} alerts"


def _latency_text(figures: Figures) -> str:
    latencies = figures.alert_latencies_ms
    if not latencies:
        return "no latency to tell"
    p50, p99 = percentile(latencies, 0.5), percentile(latencies, 0.99)
    return (
        "from report acknowledged to alert published:"
        f" p50 {p50} ms, p99 {p99} ms, max {max(latencies)} ms"
    )
