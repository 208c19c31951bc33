"""services.archiving in a process that kills itself right after its nth put, before the commit.

`python -m tests.faults.dying_archiver N <options of services.archiving>`. The product has no hook
for it: its store is wrapped here.
"""

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from services.archiving import __main__ as archiving
from services.archiving.naming import REPORTS_FOLDER
from services.archiving.store import Store
from services.archiving.worker import ArchivingWorker


class DyingStore:
    """A store that takes its process along with the nth object it creates."""

    def __init__(self, store: Store, puts: int) -> None:
        self.store = store
        self.puts = puts

    def put_new(self, name: str, content: bytes) -> bool:
        is_new = self.store.put_new(name, content)
        if is_new and name.startswith(REPORTS_FOLDER):
            self.puts -= 1
            if self.puts <= 0:
                os.kill(os.getpid(), signal.SIGKILL)
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
    puts = int(sys.argv.pop(1))

    def dying_worker(store: Store, *given: Any) -> ArchivingWorker:
        return ArchivingWorker(DyingStore(store, puts), *given)

    setattr(archiving, "ArchivingWorker", dying_worker)  # noqa: B010 - mypy allows no other way
    archiving.main()


if __name__ == "__main__":
    main()
