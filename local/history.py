"""The city's years of summonses in the demo: written as a file, loaded while the drones fly."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from local.components import Fleet, history_command, loading_command
from local.processes import await_end, running, start
from services.stream.connection import KafkaConnection

WRITTEN_SECONDS = LOADED_SECONDS = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class HistoryFiles:
    """The file, what its rows are by the simulator, and what the loader set aside of them."""

    summonses: Path
    ledger: Path
    rejected: Path


def history_files(folder: Path) -> HistoryFiles:
    """Where they are in a run's folder."""
    summonses = folder / "violations.csv"
    return HistoryFiles(
        summonses, folder / "violations.jsonl", folder / f"{summonses.name}.rejected.csv"
    )


def write_history(fleet: Fleet, folder: Path) -> None:
    """Write the file and its ledger. ClickException if that fails."""
    files = history_files(folder)
    command = history_command(fleet, files.summonses, files.ledger)
    with running(start("history", command, folder / "history.log")) as writer:
        await_end(writer, WRITTEN_SECONDS)


@contextmanager
def history_loaded(fleet: Fleet, connection: KafkaConnection, folder: Path) -> Iterator[None]:
    """Loads the file, if there is one, during the block; its end waits until all is loaded.

    ClickException if that fails.
    """
    if not fleet.history_rows:
        yield
        return
    command = loading_command(connection, history_files(folder).summonses)
    with running(start("loading", command, folder / "loading.log")) as loader:
        yield
        await_end(loader, LOADED_SECONDS)
