"""services.archiving whose first put of reports waits for a gate, then says whether it won.

`python -m tests.faults.late_archiver FOLDER <options of services.archiving>`: the process writes
FOLDER/waiting, waits for FOLDER/gate, puts, and writes True or False into FOLDER/won.
"""

import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from services.archiving import __main__ as archiving
from services.archiving.naming import REPORTS_FOLDER
from services.archiving.store import Store
from services.archiving.worker import ArchivingWorker


class LateStore:
    """A store whose first object of reports comes late."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store = store
        self.folder = folder

    def put_new(self, name: str, content: bytes) -> bool:
        is_late = name.startswith(REPORTS_FOLDER) and not (self.folder / "waiting").exists()
        if is_late:
            (self.folder / "waiting").touch()
            while not (self.folder / "gate").exists():
                time.sleep(0.05)
        is_new = self.store.put_new(name, content)
        if is_late:
            (self.folder / "won").write_text(str(is_new))
        return is_new

    def tail(self, name: str, size_bytes: int) -> bytes | None:
        return self.store.tail(name, size_bytes)

    def folders(self, folder: str) -> list[str]:
        return self.store.folders(folder)

    def names(self, folder: str) -> Iterator[str]:
        return self.store.names(folder)

    def addresses(self) -> Sequence[Store]:
        return self.store.addresses()


def main() -> None:
    folder = Path(sys.argv.pop(1))

    def late_worker(store: Store, *given: Any) -> ArchivingWorker:
        return ArchivingWorker(LateStore(store, folder), *given)

    setattr(archiving, "ArchivingWorker", late_worker)  # noqa: B010 - mypy allows no other way
    archiving.main()


if __name__ == "__main__":
    main()
