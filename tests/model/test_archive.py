"""Nothing lost, nothing twice: the archive's model from a seed of its own in each run."""

import secrets

import pytest

from tests.model.archive_machine import ArchiveMachine
from tests.model.running import EXAMPLES, run

# Those that found something once.
FOUND = (0, 1)


@pytest.mark.parametrize("seed", [*FOUND, None], ids=str)
def test_every_record_is_archived_once_and_every_commit_is_the_end_of_a_whole_chain(seed):
    number = secrets.randbits(32) if seed is None else seed
    run(ArchiveMachine, number, EXAMPLES // (4 if seed is not None else 2), shrinks=True)


@pytest.mark.faults
@pytest.mark.timeout(1800)
def test_ten_times_as_many_steps_find_nothing_either():
    run(ArchiveMachine, secrets.randbits(32), 10 * EXAMPLES, shrinks=True)
