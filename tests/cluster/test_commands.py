import os
import signal

import pytest
from click import ClickException

from cluster.commands import run


def test_a_command_gives_what_it_prints_for_what_it_is_given():
    assert run("cat", text="über alles\n") == "über alles\n"


def test_a_command_ends_though_what_it_left_running_does_not():
    left_running = int(run("sh", "-c", "sleep 60 & echo $!", seconds=20))
    os.kill(left_running, signal.SIGTERM)


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo no >&2; exit 1", "no"),
        ("echo no; exit 1", "no"),
        ("echo E1122 10:06:57 log >&2; echo no >&2; exit 1", "no"),
        ("echo E1122 10:06:57 log >&2; exit 1", "E1122 10:06:57 log"),
    ],
)
def test_a_command_that_fails_is_told_with_its_complaint_and_not_its_log(script, said):
    with pytest.raises(ClickException) as raised:
        run("sh", "-c", script)
    assert raised.value.message == f"sh -c {script}: {said}"


def test_a_command_that_is_missing_or_takes_too_long_is_told():
    with pytest.raises(ClickException, match="no-such-program is missing"):
        run("no-such-program", "now")
    with pytest.raises(ClickException, match="sleep 60: no end after 0 s"):
        run("sleep", "60", seconds=0.2)
