"""Runs a model's state machine from a seed, so many examples of so many steps."""

import subprocess
from typing import Any

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

STEPS = 50
# 400 examples of 50 steps are the 20,000 that each run of the tests has.
EXAMPLES = 400


def seed_of_commit() -> int:
    """A seed that each commit has its own of, so that a run of the same commit is the same."""
    shown = subprocess.run(
        ["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False
    )
    return int(shown.stdout.strip()[:8] or "0", 16)


def run(machine: type[RuleBasedStateMachine], number: int, examples: int, shrinks: bool) -> None:
    """Raise what the first failing example raises, shrunk if asked for."""
    phases = [Phase.generate, Phase.shrink] if shrinks else [Phase.generate]
    chosen: Any = settings(
        max_examples=examples,
        stateful_step_count=STEPS,
        phases=phases,
        database=None,
        deadline=None,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )

    class Seeded(machine):  # type: ignore[misc,valid-type]
        """Of its own, as the seed is kept in the class."""

    print(f"{machine.__name__}: seed {number}, {examples} examples of {STEPS} steps")
    run_state_machine_as_test(seed(number)(Seeded), settings=chosen)


def failure_of(
    machine: type[RuleBasedStateMachine], number: int, examples: int = EXAMPLES
) -> str | None:
    """How the model fails from this seed; None if it passes."""
    try:
        run(machine, number, examples, shrinks=False)
    except Exception as error:  # noqa: BLE001 - a wrong core may fail in any way
        return f"{type(error).__name__}: {error}".splitlines()[0][:150]
    return None
