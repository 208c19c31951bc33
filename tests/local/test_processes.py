import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import psutil
import pytest
from click import ClickException

from local.processes import (
    Goal,
    await_until,
    check_running,
    is_running,
    log_tail,
    running,
    start,
    stop,
)

SLEEP = [sys.executable, "-c", "import time; time.sleep(300)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    " print('ready', flush=True); time.sleep(300)",
]
# A parent with one child; it says the child's pid, then waits.
PARENT = """
import sys, time
from pathlib import Path
from local.processes import running, start
child = start("child", [sys.executable, "-c", "import time; time.sleep(300)"], Path(sys.argv[1]))
with running(child):
    print(child.popen.pid, flush=True)
    time.sleep(300)
"""


def becomes_true(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 20
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return condition()


def is_gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_a_child_that_dies_early_is_reported_with_its_last_words(tmp_path):
    command = [sys.executable, "-c", "import sys; sys.exit('no such setting')"]
    child = start("archiving", command, tmp_path / "log")
    with pytest.raises(ClickException, match=r"archiving ended with exit code 1(.|\n)*setting"):
        await_until(lambda: False, [child], Goal("it should be ready", 20))


def test_a_killed_child_is_reported_by_its_signal(tmp_path):
    with running(start("alerting", SLEEP, tmp_path / "log")) as child:
        os.kill(child.popen.pid, signal.SIGKILL)
        child.popen.wait()
        with pytest.raises(ClickException, match="alerting ended with SIGKILL"):
            check_running([child])


def test_what_takes_too_long_names_its_goal(tmp_path):
    too_late = pytest.raises(ClickException, match="Kafka should answer: not within 0 s")
    with running(start("kafka", SLEEP, tmp_path / "log")) as child, too_late:
        await_until(lambda: False, [child], Goal("Kafka should answer", 0))


def test_a_child_that_ignores_sigterm_is_killed(tmp_path):
    child = start("stubborn", STUBBORN, tmp_path / "log")
    assert becomes_true(lambda: log_tail(child.log_file) == ["ready"])
    assert stop(child, timeout_seconds=0.2) == -signal.SIGKILL
    assert not is_running(child)


def test_what_a_child_started_ends_with_it(tmp_path):
    command = ["sh", "-c", "sleep 300 & echo $!; wait"]
    child = start("shell", command, tmp_path / "log")
    assert becomes_true(lambda: bool(log_tail(child.log_file)))
    grandchild = int(log_tail(child.log_file)[0])
    stop(child)
    assert becomes_true(lambda: is_gone(grandchild))


@pytest.mark.parametrize("blow", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_child_outlives_its_parent(tmp_path, blow):
    command = [sys.executable, "-c", PARENT, str(tmp_path / "log")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as parent:
        assert parent.stdout
        child = int(parent.stdout.readline())
        assert not is_gone(child)
        parent.send_signal(blow)
    assert becomes_true(lambda: is_gone(child))


def test_settings_of_the_terminal_do_not_reach_a_child(tmp_path, monkeypatch):
    monkeypatch.setenv("DRONEWATCH_GROUP", "mine")
    command = [
        sys.executable,
        "-c",
        "import os; print(sorted(k for k in os.environ if 'WATCH' in k))",
    ]
    child = start("child", command, tmp_path / "log", {"DRONEWATCH_GIVEN": "1"})
    child.popen.wait(20)
    assert log_tail(child.log_file) == ["['DRONEWATCH_GIVEN']"]
