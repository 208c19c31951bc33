"""No report without its alerts, no rejected record lost: alerting's model."""

import secrets

import pytest

from tests.model.alerting_machine import AlertingMachine
from tests.model.alerting_world import AlertingWorld, played
from tests.model.running import EXAMPLES, run, seed_of_commit


def test_what_lies_below_each_commit_has_been_published():
    run(AlertingMachine, seed_of_commit(), EXAMPLES // 2, shrinks=True)


def test_a_second_cut_below_the_first_one_is_found_though_nothing_was_read_between_them():
    with played():
        world = AlertingWorld()
        world.work(0, 0, ["alarming"] * 3, max_records=3)
        world.turns(0, 3, 2)
        world.cut(0, 1)
        world.turns(0, 1, 1)
        world.cut(0, 1)
        world.heal()


@pytest.mark.faults
@pytest.mark.timeout(1800)
def test_ten_times_as_many_steps_find_nothing_either():
    run(AlertingMachine, secrets.randbits(32), 10 * EXAMPLES, shrinks=True)
