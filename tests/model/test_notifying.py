"""Each alert in one notice: notifying's model from a seed of each commit's own."""

import secrets

import pytest

from tests.model.notifying_machine import NotifyingMachine
from tests.model.running import EXAMPLES, run, seed_of_commit


def test_every_alert_is_in_one_notice_and_nothing_is_committed_that_is_not_done():
    run(NotifyingMachine, seed_of_commit(), EXAMPLES, shrinks=True)


@pytest.mark.faults
@pytest.mark.timeout(1800)
def test_ten_times_as_many_steps_find_nothing_either():
    run(NotifyingMachine, secrets.randbits(32), 10 * EXAMPLES, shrinks=True)
