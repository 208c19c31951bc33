"""Each alert in one notice: notifying's model from a seed of each commit's own."""

import secrets

import pytest

from tests.model.notifying_machine import NotifyingMachine
from tests.model.notifying_world import MEMBERS, World, played
from tests.model.running import EXAMPLES, run, seed_of_commit


def test_every_alert_is_in_one_notice_and_nothing_is_committed_that_is_not_done():
    run(NotifyingMachine, seed_of_commit(), EXAMPLES, shrinks=True)


def test_a_cut_of_a_topic_made_anew_is_told_to_nobody_who_has_no_position_in_it():
    with played():
        world = World()
        for member in range(MEMBERS):
            world.turns(member, 1, 2)
        for _ in range(3):
            world.add_partition()
        world.kill(1)
        world.work(0, 0, [0], 1)
        world.turns(0, 1, 3)
        world.rebalance(0, 2, is_noticed=False)
        world.turns(0, 1, 2)
        world.turns(1, 1, 3)
        world.make_topic_anew(keeps_offsets=False)
        world.append_other(0, is_hole=False)
        world.cut(0, 1, is_repeated=False)
        world.turns(0, 1, 2)
        world.answer_kafka(["ok", "error"])
        world.turns(1, 1, 2)
        world.heal()


@pytest.mark.faults
@pytest.mark.timeout(1800)
def test_ten_times_as_many_steps_find_nothing_either():
    run(NotifyingMachine, secrets.randbits(32), 10 * EXAMPLES, shrinks=True)
