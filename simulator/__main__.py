"""`python -m simulator run`, `history`: reads the settings once and wires the parts."""

from pathlib import Path
from time import monotonic
from typing import Any

import click

from services.runtime.health import Health, serve_health
from services.runtime.logs import configure_logs
from services.runtime.settings import component_command, process_options
from services.runtime.stopping import stop_on_signals
from services.stream.connection import KafkaConnection, kafka_options
from services.stream.consumer import connected
from services.stream.patience import Patience
from simulator.fleet import Plan
from simulator.history import History
from simulator.history_file import write_history
from simulator.missions import Mission
from simulator.options import history_options, run_options
from simulator.pace import Pace
from simulator.run import Run, opened_ledger, simulate
from simulator.sender import sender

MISSIONS: dict[str, tuple[Mission, ...]] = {
    "prestacop": ("prestacop",),
    "peacewatch": ("peacewatch",),
    "both": ("prestacop", "peacewatch"),
}


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """A fleet of drones that never was, and a city's years of parking summonses."""


@component_command("run")
@run_options
@kafka_options
@process_options
def run(connection: KafkaConnection, topic: str, **given: Any) -> None:
    """Simulate a fleet and send its reports, in real time or as fast as it goes."""
    configure_logs(given["log_format"], given["log_level"])
    stop = stop_on_signals()
    health = Health(monotonic, monotonic())
    ledger = opened_ledger(given["ledger"])
    serve_health(health, given["health_port"])
    drones_radio = connected(
        lambda: sender(connection, topic, Patience(stop, health.turned), given["compression"]),
        stop.is_set,
        health.turned,
    )
    if drones_radio:
        simulate(_run(given), drones_radio, ledger, health, stop)


@component_command("history")
@history_options
def history(rows: int, fault_share: float, seed: int, file: Path, ledger: Path | None) -> None:
    """Write FILE: invented parking summonses, a CSV as New York publishes them, dirt included.

    - is standard output.
    """
    write_history(History(rows, fault_share, seed), file, ledger)


def _run(given: dict[str, Any]) -> Run:
    plan = Plan(
        missions=MISSIONS[given["mission"]],
        drones=given["drones"],
        start_ms=given["start"],
        duration_seconds=given["duration"],
        seed=given["seed"],
        interval_seconds=given["interval_seconds"],
    )
    pace = Pace(given["speed"], given["rate"])
    return Run(plan, pace, given["fault_share"], given["reports_max"])


main.add_command(run)
main.add_command(history)

if __name__ == "__main__":
    main()
