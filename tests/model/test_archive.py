"""Nothing lost, nothing twice: the archive's model from a seed of each commit's own."""

import secrets

import pytest

from tests.model.archive_machine import ArchiveMachine
from tests.model.archive_world import World, played
from tests.model.running import EXAMPLES, run, seed_of_commit

# Those that found something once.
FOUND = (0, 1)


@pytest.mark.parametrize("seed", [*FOUND, None], ids=str)
def test_every_record_is_archived_once_and_every_commit_is_the_end_of_a_whole_chain(seed):
    number = seed_of_commit() if seed is None else seed
    run(ArchiveMachine, number, EXAMPLES // (4 if seed is not None else 2), shrinks=True)


def test_a_group_that_meets_an_object_of_a_lost_end_of_the_log_stops_and_says_so():
    with played():
        world = World()
        for member in range(3):
            world.turns(member, 1, 1)
        world.work(1, 1, [True] * 5, max_records=1)
        world.pass_time(5.0)
        world.cut(1, 3)
        world.work(1, 1, [True], max_records=1)
        world.heal()
        chains = [world.members[number].worker.chains[1] for number in (1, 2)]
        assert all("Kafka lost the log" in chain.stopped_because for chain in chains)


@pytest.mark.faults
@pytest.mark.timeout(1800)
def test_ten_times_as_many_steps_find_nothing_either():
    run(ArchiveMachine, secrets.randbits(32), 10 * EXAMPLES, shrinks=True)
