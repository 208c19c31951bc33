"""The model can fail: it catches each small wrong version of the core within its own budget."""

import random

import pytest

from tests.model.mutants import MUTANTS, all_mutants
from tests.model.mutation import caught_by
from tests.model.running import seed_of_commit

SAMPLED = 4


def sampled_titles() -> set[str]:
    """Some of the mutants, other ones for each commit."""
    titles = {mutant.title for mutant in all_mutants()}
    sampled = set(random.Random(seed_of_commit()).sample(sorted(titles), SAMPLED))
    print("not tried in this run:", "; ".join(sorted(titles - sampled)))
    return sampled


def assert_caught(titles: set[str]) -> None:
    tried = [mutant for mutant in all_mutants() if mutant.title in titles]
    assert [mutant.title for mutant in tried if caught_by(mutant, range(1)) is None] == []


def test_there_are_at_least_fifteen_mutants():
    assert len({mutant.title for mutant in MUTANTS}) >= 15
    assert len({mutant.title for mutant in all_mutants()}) == len(all_mutants())


def test_some_mutants_are_caught():
    assert_caught(sampled_titles())


@pytest.mark.faults
@pytest.mark.timeout(1800)
def test_all_mutants_are_caught():
    assert_caught({mutant.title for mutant in all_mutants()})
