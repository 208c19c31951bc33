"""The SMTP server of the demo, as a process."""

import smtplib
import socket
import sys
from pathlib import Path

from local.mailbox import kept_mails
from local.ports import HOST, free_port, is_listening
from local.processes import Goal, await_until, running, start, stop

WAIT_SECONDS = 60.0


def command(port: int, folder: Path) -> list[str]:
    options = ["--port", str(port), "--folder", str(folder)]
    return [sys.executable, "-m", "local.mailbox", *options]


def test_it_keeps_mail_for_anybody_and_stops_when_told(tmp_path: Path) -> None:
    port, folder = free_port(), tmp_path / "mails"
    child = start("mailbox", command(port, folder), tmp_path / "log")
    with running(child):
        await_until(lambda: is_listening(port), [child], Goal("it should listen", WAIT_SECONDS))
        with smtplib.SMTP(HOST, port) as client:
            for number in range(3):
                message = f"Subject: mail {number}\r\n\r\n.\r\nbody\r\n"
                client.sendmail("a@example.org", ["b@example.org", "c@example.org"], message)
        assert stop(child) == 0
    mails = kept_mails(folder)
    assert [mail["Subject"] for mail in mails] == ["mail 0", "mail 1", "mail 2"]
    assert mails[0]["Delivered-To"] == "b@example.org, c@example.org"
    assert mails[0].get_content() == ".\nbody\n"
    assert f"goes to {folder}" in child.log_file.read_text()


def test_where_its_port_is_taken_it_says_so_in_one_line(tmp_path: Path) -> None:
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        child = start("mailbox", command(port, tmp_path / "mails"), tmp_path / "log")
        with running(child):
            assert child.popen.wait(WAIT_SECONDS) == 1
    expected = f"Error: cannot listen on port {port}: Address already in use\n"
    assert child.log_file.read_text() == expected
