"""services.loading in a process that kills itself instead of writing its nth checkpoint.

`python -m tests.loading.dying_loader N <options of services.loading>`. The product has no hook for
it: its writing is wrapped here.
"""

import os
import signal
import sys
from pathlib import Path

from services.loading import __main__ as loading
from services.loading import checkpoint as checkpoints
from services.loading.checkpoint import Checkpoint


def main() -> None:
    left = int(sys.argv.pop(1))
    really_write = checkpoints.write

    def write(path: Path, checkpoint: Checkpoint) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        really_write(path, checkpoint)

    checkpoints.write = write
    loading.main()


if __name__ == "__main__":
    main()
