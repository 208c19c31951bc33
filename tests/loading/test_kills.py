"""kill -9 at random moments, and started again: no row missing, no rejected line twice."""

import signal
import subprocess
import time
from random import Random

import pytest

from local.processes import Goal, await_until, is_running, kill
from services.loading.loader import BATCH_ROWS, HALF_ROWS
from tests.loading.scene import Scene, assert_accounted_for, await_progress, rows_done

RUNS = [
    pytest.param(3, 30_000, id="quick"),
    pytest.param(20, 120_000, id="long", marks=[pytest.mark.faults, pytest.mark.timeout(900)]),
]
KILLED_WITHIN_SECONDS = 0.4


@pytest.mark.parametrize(("kills", "rows"), RUNS)
def test_killed_at_random_moments_it_sends_every_row_and_rejects_each_once(
    kills: int, rows: int, scene: Scene
) -> None:
    file, rng = scene.history(rows), Random(kills)
    for _ in range(kills):
        # Slow enough that the file outlives all kills.
        with scene.loading(file.file, "--rate", 8_000) as child:
            await_progress(child, file)
            # The moment is to be random, so there is nothing to await.
            time.sleep(rng.uniform(0, KILLED_WITHIN_SECONDS))
            assert is_running(child)
            kill(child)

    ended = scene.loaded(file.file)

    assert ended.returncode == 0, ended.stderr
    assert f"{rows:,} rows" in ended.stdout
    assert f"{file.report_ids.total():,} sent" in ended.stdout
    assert_accounted_for(file, scene.report_ids(), runs=kills + 1)


def test_killed_after_the_acknowledgement_and_before_the_checkpoint_it_repeats_what_came_since(
    scene: Scene,
) -> None:
    file = scene.history(3 * BATCH_ROWS, fault_share=0.1)
    command = scene.command(file.file)
    at = command.index("services.loading")
    # The first checkpoint is of the beginning, the second of the first half of a batch.
    command[at : at + 1] = ["tests.loading.dying_loader", "3"]

    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL

    assert rows_done(file) == HALF_ROWS
    # The rejected lines of two halves stand there, the checkpoint knows of one's.
    assert max(file.rejected_lines) > HALF_ROWS + 1
    assert scene.loaded(file.file).returncode == 0
    assert_accounted_for(file, scene.report_ids(), runs=2)
    assert scene.report_ids().total() > file.report_ids.total()


def test_killed_while_it_begins_anew_it_continues_that(scene: Scene) -> None:
    file = scene.history(20_000)
    assert scene.loaded(file.file).returncode == 0
    with scene.loading(file.file, "--restart", "--rate", 8_000) as child:
        goal = Goal("it should begin anew", 60)
        await_until(lambda: 0 < rows_done(file) < 20_000, [child], goal)
        kill(child)

    ended = scene.loaded(file.file)

    assert ended.returncode == 0
    assert file.rejected_lines == file.faulty_lines
    sent, once = scene.report_ids(), file.report_ids
    assert 2 * once.total() <= sent.total() <= 2 * once.total() + BATCH_ROWS
    assert sent.keys() == once.keys()
