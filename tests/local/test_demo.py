import os
import re
import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from services.stream.connection import KafkaConnection
from services.stream.producer import producer
from tests.local.demos import SMALL, await_reports, demo


def await_mail(run: "subprocess.Popen[str]", folder: Path) -> Path:
    """The first mail in the mailbox."""
    deadline = time.monotonic() + 120
    while not (mails := list((folder / "mails" / "new").iterdir())):
        assert run.poll() is None, run.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return mails[0]


def hide_alert(run: "subprocess.Popen[str]", folder: Path) -> None:
    """Deletes an alert from the website's database, once there is one."""
    deadline = time.monotonic() + 120
    with closing(sqlite3.connect(folder / "website.sqlite", isolation_level=None)) as database:
        while not database.execute("DELETE FROM alerts WHERE seq = 1").rowcount:
            assert run.poll() is None, run.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.05)


def broker_of(folder: Path) -> KafkaConnection:
    settings = (folder / "kafka" / "server.properties").read_text()
    listeners = re.search(r"^listeners=PLAINTEXT://([^,]+)", settings, re.MULTILINE)
    assert listeners
    return KafkaConnection(listeners[1])


def test_without_history_the_drones_are_alone(tmp_path):
    folder = tmp_path / "run"
    with demo(folder, *SMALL, "--history-rows", "0", "--rate", "0", "--no-analysis") as run:
        printed, complaints = run.communicate()
    assert run.returncode == 0, complaints
    assert "History" not in printed
    assert not list(folder.glob("violations*"))


def test_a_record_that_nobody_noted_and_what_got_lost_fail_the_check(tmp_path):
    folder = tmp_path / "run"
    with demo(folder, *SMALL, "--rate", "1000", "--no-analysis") as run:
        await_reports(run, folder)
        with producer(broker_of(folder)) as stranger:
            stranger.send("reports", b'{"report_id": "stranger"}').get(timeout=30)
        await_mail(run, folder).unlink()
        hide_alert(run, folder)
        printed, complaints = run.communicate()
    assert run.returncode == 1
    assert "in the archive, but never sent: 1 (" in complaints
    assert "published, but not mailed, alert: " in complaints
    assert "published, but not on the website, alert: 1 (" in complaints
    assert "Traceback" not in printed + complaints
    assert "Check    passed" not in printed


@pytest.mark.parametrize("blow", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_stops_everything(tmp_path, blow):
    folder = tmp_path / "run"
    with demo(folder, *SMALL, "--rate", "100", "--no-analysis") as run:
        await_reports(run, folder)
        children = psutil.Process(run.pid).children(recursive=True)
        run.send_signal(blow)
        _, complaints = run.communicate()
    assert run.returncode == 1
    assert len(children) >= 11
    assert psutil.wait_procs(children, timeout=10)[1] == []
    assert "Traceback" not in complaints


def test_a_worker_that_dies_ends_the_demo_with_its_name_and_log(tmp_path):
    folder = tmp_path / "run"
    with demo(folder, *SMALL, "--rate", "100", "--no-analysis") as run:
        await_reports(run, folder)
        [alerting] = [
            child
            for child in psutil.Process(run.pid).children()
            # The loader may have ended, and a zombie has no command line.
            if child.status() != psutil.STATUS_ZOMBIE and "services.alerting" in child.cmdline()
        ]
        os.kill(alerting.pid, signal.SIGKILL)
        _, complaints = run.communicate()
    assert run.returncode == 1
    assert f"alerting ended with SIGKILL\n{folder}/alerting.log ends with:" in complaints


def test_a_folder_with_other_things_in_it_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").touch()
    with demo(tmp_path) as run:
        _, complaints = run.communicate()
    assert run.returncode == 1
    assert complaints == f"Error: {tmp_path} holds other things: name a new or empty folder\n"
    assert (tmp_path / "thesis.tex").exists()
