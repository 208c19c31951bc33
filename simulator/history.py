"""A history file: New York's parking summonses as lines of a CSV, sound ones and damaged ones.

Pure, and block by block: the same history gives the same lines in any process, and its beginning
does not change when more rows are asked for.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, count, islice

from msgspec import Struct

from simulator.damage import DAMAGE, fault
from simulator.summonses import COLUMNS, Stock, row, stock

HEADER = ",".join(COLUMNS).encode()
BLOCK_ROWS = 1_000
# Of the rows: the same summons once more, as in the city's files.
REPEATED = 0.023
# Files of different seeds hold different summonses, of 10 digits.
FIRST_NUMBER, NUMBERS_A_SEED, SEEDS = 1_000_000_000, 10_000_000, 800


@dataclass(frozen=True, slots=True)
class History:
    """What to write; fault_share is the share of rows that no loader may send."""

    rows: int
    fault_share: float = 0.0
    seed: int = 0


class Line(Struct, frozen=True, gc=False):
    """A line without its line break; the report's id if it is sound, else its key in DAMAGE."""

    text: bytes
    report_id: str | None = None
    fault: str | None = None


def lines(history: History) -> Iterator[Line]:
    """The rows, without the header."""
    drawn_from = stock(random.Random(f"{history.seed}-stock"))
    blocks = (_block(history, drawn_from, number) for number in count())
    return islice(chain.from_iterable(blocks), history.rows)


def _block(history: History, drawn_from: Stock, number: int) -> list[Line]:
    rng = random.Random(f"{history.seed}-{number}")
    start = FIRST_NUMBER + history.seed % SEEDS * NUMBERS_A_SEED + number * BLOCK_ROWS
    fresh = [(at, row(at, drawn_from, rng)) for at in range(start, start + BLOCK_ROWS)]
    rows = [rng.choice(fresh) if rng.random() < REPEATED else each for each in fresh]
    return [_line(*each, history.fault_share, rng) for each in rows]


def _line(number: int, text: str, fault_share: float, rng: random.Random) -> Line:
    if rng.random() >= fault_share:
        # The loader's own way to make an id, written down a second time on purpose: a witness.
        return Line(text.encode(), report_id=f"nypd-{number}")
    damage = fault(rng)
    return Line(DAMAGE[damage](text, rng), fault=damage)
