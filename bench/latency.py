"""Bench: from a report's acknowledgement to its alert in a consumer's hands, with all else running.

The peer is a canary: a record through the same Kafka at the same time.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.garbage import SECONDS as GARBAGE_SECONDS
from bench.pipeline import Observed, Watch, observed
from bench.tables import Row, Table, ratio
from local.figures import percentile
from local.progress import announce

WARM_UP_SECONDS = 10
HOW = (
    "The pipeline: Kafka, simulator (both missions), alerting, two archiving workers, all on this"
    f" machine. The first {WARM_UP_SECONDS} s are not counted.",
    "An alert's way begins with its report's LogAppendTime and ends when a waiting consumer has"
    " it; one machine's clock, whole milliseconds at its beginning (so up to 1 ms too long).",
    "The peer: a record a canary sends through the same Kafka 20 times a second, from before its"
    " send to when a waiting consumer has it. An alert's way has one fetch more.",
    "Target: p99 below 100 ms, near 50.",
)


def latency_table(folder: Path, watch: Watch) -> Table:
    """The whole way and its parts, and the canary's."""
    loading = ", history loaded meanwhile" if watch.has_loader else ""
    lasting = f"{watch.warm_up_seconds} + {watch.seconds} s"
    announce(f"latency: {watch.rate:,} reports/s for {lasting}{loading}")
    found = observed(folder, watch)
    came = f"{found.reports_per_second:,.0f} reports/s coming in{loading}"
    if found.garbage_records:
        came += f", and {found.garbage_records:,} records of garbage within {GARBAGE_SECONDS} s"
    title = f"latency: report acknowledged to alert readable, {came}"
    if not (found.alerts and found.canaries):
        return Table(title, HOW, (), ("latency: no alert or no canary came through",))
    return Table(title, (*HOW, shares_text(found.cpu_shares)), latency_rows(found))


def latency_rows(found: Observed) -> tuple[Row, ...]:
    """Ours and its three parts; the peer and the ratio of ours to it."""
    alerts = found.alerts
    ours = _figures([alert.read_us - alert.reported_us for alert in alerts])
    peer = _figures([canary.read_us - canary.sent_us for canary in found.canaries])
    ratios = {f"ratio {name}": ratio(ours[name], peer[name]) for name in ("p50 ms", "p99 ms")}
    detection = [alert.detected_us - alert.reported_us for alert in alerts]
    sending = [alert.published_us - alert.detected_us for alert in alerts]
    reading = [alert.read_us - alert.published_us for alert in alerts]
    span = found.garbage_span
    amid = [a.read_us - a.reported_us for a in alerts if span and span.has(a.reported_us)]
    amid_rows: list[Row] = [{"what": "  while garbage came", **_figures(amid)}] if amid else []
    return (
        {"what": "alert readable (ours)", **ours},
        *amid_rows,
        {"what": "  report to detected", **_figures(detection)},
        {"what": "  detected to alert in Kafka", **_figures(sending)},
        {"what": "  alert in Kafka to read", **_figures(reading)},
        {"what": "canary, sent to read", **peer, **ratios},
    )


def shares_text(cpu_shares: Mapping[str, float]) -> str:
    """How much of a core each process took."""
    shares = ", ".join(f"{name} {share:.0%}" for name, share in cpu_shares.items())
    return f"CPU, of one core: {shares}."


def _figures(latencies_us: Sequence[int]) -> dict[str, float]:
    return {
        "p50 ms": percentile(latencies_us, 0.5) / 1000,
        "p99 ms": percentile(latencies_us, 0.99) / 1000,
        "max ms": max(latencies_us) / 1000,
        "records": len(latencies_us),
    }
