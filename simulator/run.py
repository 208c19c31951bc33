"""The shell of `python -m simulator run`: model, pace, sender and ledger, one batch at a time."""

import math
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from threading import Event
from time import monotonic
from typing import NoReturn

import click
from kafka.errors import KafkaError
from prometheus_client import Counter
from tqdm import tqdm

from services.runtime.health import Health
from simulator.faults import with_faults
from simulator.fleet import Plan, reports
from simulator.ledger import Entry, Ledger
from simulator.messages import Message, message
from simulator.pace import Pace, batches
from simulator.sender import Refused, Sender

SENT = Counter("dronewatch_simulator_reports_sent", "Records handed to Kafka's client.")
ACKNOWLEDGED = Counter(
    "dronewatch_simulator_reports_acknowledged", "Records that Kafka acknowledged."
)
UNKNOWN = Counter(
    "dronewatch_simulator_reports_unknown", "Records of unknown outcome: they may be in Kafka."
)
FAILURES = Counter("dronewatch_simulator_send_failures", "Batches that Kafka refused.")


@dataclass(frozen=True, slots=True)
class Run:
    """One run; reports_max None means as many as the plan has."""

    plan: Plan
    pace: Pace
    fault_share: float = 0.0
    reports_max: int | None = None


def messages(run: Run) -> Iterator[Message]:
    """What the run sends, in order; the same for the same run in any process."""
    sound = (message(due_ms, report) for due_ms, report in reports(run.plan))
    rng = random.Random(f"{run.plan.seed}-faults")
    faulty = with_faults(sound, run.fault_share, rng) if run.fault_share else sound
    return islice(faulty, run.reports_max)


def opened_ledger(path: Path | None) -> Ledger | None:
    """The ledger to append to, None without a path. ClickException if it cannot be opened."""
    try:
        return Ledger(path) if path else None
    except OSError as error:
        raise _unwritable(error) from error


def _unwritable(error: OSError) -> click.ClickException:
    return click.ClickException(f"cannot write the ledger: {error.strerror} (--ledger)")


def simulate(run: Run, sender: Sender, ledger: Ledger | None, health: Health, stop: Event) -> None:
    """Send until the run is over or stop is set. ClickException if it cannot go on."""
    health.joined = True
    with _progress(run) as progress:
        try:
            for batch in batches(messages(run), run.pace, monotonic, stop):
                health.turned()
                if batch:
                    _send(batch, sender, ledger)
                    progress.update(len(batch))
                if sender.has_seen_broker_lately():
                    health.broker_seen()
        except (Refused, KafkaError) as refusal:
            raise click.ClickException(f"Kafka refuses reports: {refusal}") from refusal
        finally:
            _finish(sender, ledger)


def _progress(run: Run) -> "tqdm[NoReturn]":
    """A bar on a terminal; its end is near the truth, since some reports get lost on their way."""
    plan = run.plan
    planned = None
    if plan.duration_seconds is not None:
        ticks = math.ceil(plan.duration_seconds / plan.interval_seconds)
        planned = ticks * plan.drones * len(plan.missions)
    total = min(filter(None, (planned, run.reports_max)), default=None)
    return tqdm(total=total, unit=" reports", unit_scale=True, disable=not sys.stderr.isatty())


def _send(batch: list[Message], sender: Sender, ledger: Ledger | None) -> None:
    SENT.inc(len(batch))
    try:
        _note(sender.send(batch), ledger)
    except Refused as refusal:
        FAILURES.inc()
        _note(refusal.entries, ledger)
        raise


def _note(entries: Sequence[Entry], ledger: Ledger | None) -> None:
    try:
        if ledger:
            ledger.append(entries)
    except OSError as error:
        raise _unwritable(error) from error
    acknowledged = sum(entry.outcome == "acknowledged" for entry in entries)
    ACKNOWLEDGED.inc(acknowledged)
    UNKNOWN.inc(len(entries) - acknowledged)


def _finish(sender: Sender, ledger: Ledger | None) -> None:
    sender.close()
    if ledger:
        ledger.close()
