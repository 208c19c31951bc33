"""The shell of `python -m simulator run`: model, pace, sender and ledger, one batch at a time."""

import random
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from threading import Event
from time import monotonic

import click
import structlog
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

log = structlog.get_logger()


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
    with tqdm(unit=" reports", unit_scale=True, disable=not sys.stderr.isatty()) as progress:
        try:
            for batch in batches(messages(run), run.pace, monotonic, stop):
                health.turned()
                if batch:
                    _send(batch, sender, ledger)
                    progress.update(len(batch))
                if sender.has_seen_broker_lately():
                    health.broker_seen()
        except Refused as refusal:
            raise click.ClickException(f"Kafka refused reports: {refusal}") from refusal
        except OSError as error:
            raise _unwritable(error) from error
        finally:
            _finish(sender, ledger)


def _send(batch: list[Message], sender: Sender, ledger: Ledger | None) -> None:
    SENT.inc(len(batch))
    try:
        _note(sender.send(batch), ledger)
    except Refused as refusal:
        FAILURES.inc()
        _note(refusal.entries, ledger)
        raise


def _note(entries: Iterable[Entry], ledger: Ledger | None) -> None:
    noted = list(entries)
    if ledger:
        ledger.append(noted)
    acknowledged = sum(entry.outcome == "acknowledged" for entry in noted)
    ACKNOWLEDGED.inc(acknowledged)
    UNKNOWN.inc(len(noted) - acknowledged)


def _finish(sender: Sender, ledger: Ledger | None) -> None:
    sender.close()
    if ledger:
        ledger.close()
