"""`--sample SEED`: a part of the test files in turn, so that some seeds in a row run them all."""

from collections.abc import Iterable, Sequence
from pathlib import Path


def third(paths: Iterable[Path], seed: int) -> list[Path]:
    """Every third of the files: of three seeds in a row each file is chosen by one."""
    return sorted(paths)[seed % 3 :: 3]


def header(left_out: Sequence[Path]) -> str:
    """What is left out, for whoever reads a green run."""
    names = ", ".join(path.name for path in left_out)
    return f"left out by the sample: {names}" if names else "nothing is left out"
