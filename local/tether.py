"""Ties a process to its parent's life: `python tether.py PARENT COMMAND...`. For local.processes.

Becomes COMMAND, which Linux kills when PARENT dies, even by SIGKILL; so nothing is left behind.
A program of its own, because code between fork and exec may deadlock in a threaded parent.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main() -> None:
    """Tie, then become the command; gone at once if the parent is gone already."""
    parent, command = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() == parent:
        os.execvp(command[0], command)


if __name__ == "__main__":
    main()
