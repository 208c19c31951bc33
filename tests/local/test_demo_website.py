import re
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from local.demo import is_kept
from local.ports import HOST, free_port
from local.visitor import shown_alerts, signed_in
from local.website import Login
from tests.local.demos import SMALL, demo, terminal_demo

ADDRESS = re.compile(r"Website  (http://\S+)/\n")
LOGINS = re.compile(r"(operator|viewer) with password (\w+)")


@dataclass(frozen=True, slots=True)
class Visit:
    """What a demo printed and showed, how it ended, and who of its processes did not."""

    folder: Path
    printed: str
    shown: Sequence[str]
    charts: Sequence[str]
    code: int
    children: int
    left: Sequence[psutil.Process]


def address_in(printed: str) -> str:
    found = ADDRESS.search(printed)
    assert found, printed
    return found[1]


def logins_in(printed: str) -> dict[str, Login]:
    return {name: Login(name, password) for name, password in LOGINS.findall(printed)}


def read_up_to(run: "subprocess.Popen[str]", words: str) -> str:
    """What it printed, up to the line with these words."""
    assert run.stdout
    lines = []
    for line in run.stdout:
        lines.append(line)
        if words in line:
            return "".join(lines)
    raise AssertionError(lines)


def await_alerts(address: str, login: Login) -> None:
    deadline = time.monotonic() + 60
    while not any(shown_alerts(address, login)):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def role_of(address: str, login: Login) -> str:
    with signed_in(address, login) as client:
        return str(client.get("/api/v1/me").json()["role"])


def charts(address: str, login: Login) -> list[str]:
    """The kinds of the pictures on the page of answers."""
    with signed_in(address, login) as client:
        page = client.get("/answers").text
        pictures = re.findall(r'<img class="chart" src="([^"]+)"', page)
        answers = [client.get(picture).raise_for_status() for picture in pictures]
    return [answer.headers["content-type"] for answer in answers]


def warnings_of(folder: Path) -> list[str]:
    lines = (folder / "website.log").read_text().splitlines()
    return [line for line in lines if '"level": "info"' not in line]


def test_alerts_come_to_the_website_while_the_fleet_flies(tmp_path):
    folder, port = tmp_path / "run", free_port()
    options = [*SMALL, "--rate", "100", "--no-analysis", "--website-port", str(port)]
    with socket.create_server((HOST, port)), demo(folder, *options) as run:
        printed = read_up_to(run, "Sign in") + read_up_to(run, "Simulating")
        logins, address = logins_in(printed), address_in(printed)
        await_alerts(address, logins["viewer"])
        simulated = (folder / "ledger.jsonl").read_text().count("\n")
        roles = {name: role_of(address, login) for name, login in logins.items()}
    assert 0 < simulated < 5_000
    assert f"Port {port} is not free: the website takes {address.rpartition(':')[2]}\n" in printed
    assert roles == {"operator": "operator", "viewer": "viewer"}
    modes = {path.name: path.stat().st_mode & 0o777 for path in folder.glob("*.password")}
    assert modes == {"website-operator.password": 0o600, "website-viewer.password": 0o600}


@pytest.fixture(scope="module")
def visit(tmp_path_factory: pytest.TempPathFactory) -> Visit:
    """A demo on a terminal, visited once it stays up, and ended by Ctrl-C."""
    folder = tmp_path_factory.mktemp("demo") / "run"
    with terminal_demo(folder, *SMALL, "--rate", "0") as terminal:
        printed = terminal.read_until("stays up until you press Ctrl-C")
        address, login = address_in(printed), logins_in(printed)["viewer"]
        shown = [name for page in shown_alerts(address, login) for name in page]
        kinds = charts(address, login)
        children = psutil.Process(terminal.run.pid).children(recursive=True)
        terminal.run.send_signal(signal.SIGINT)
        printed = terminal.read_all()
        code = terminal.run.wait(60)
    left = psutil.wait_procs(children, timeout=10)[1]
    return Visit(folder, printed, shown, kinds, code, len(children), left)


def test_the_demo_answers_checks_itself_and_tells_its_figures(visit):
    printed = visit.printed
    assert re.search(r"Reports +[56],\d{3} acknowledged in .* reports/s\n", printed)
    history = re.search(r"History +(\d+) of 400 rows loaded; (\d+) set aside\n", printed)
    assert history
    assert int(history[1]) + int(history[2]) == 400
    assert re.search(r"Archive +\d+ objects, .* bytes/report\n", printed)
    assert re.search(r"Alerts .*: p50 \d+ ms, p99 \d+ ms, max \d+ ms\n", printed)
    assert re.search(r"Check +passed: each of [56],\d{3} acknowledged records", printed)
    assert "each row of history too, or set aside" in printed
    assert_told_of_notices(printed)
    assert re.search(r"^nypd +1 +Brooklyn +\d", printed, re.MULTILINE)
    assert "Parking violations by hour" in printed
    assert {path.suffix for path in visit.folder.glob("results/**/*.*")} >= {
        ".json",
        ".svg",
        ".png",
    }


def assert_told_of_notices(printed: str) -> None:
    """As many alerts were mailed as posted as shown as published, and the mailbox is named."""
    carried = re.findall(r"(?:Mails|Webhooks|Website) .*?(\d+) alerts\n", printed)
    alerts = re.search(r"all (\d+) expected alerts, .* mailed once, posted once and is on", printed)
    assert alerts
    assert carried == [alerts[1]] * 3
    mailbox = re.search(r"Mailbox +(.+)\n", printed)
    assert mailbox
    assert list(Path(mailbox[1]).glob("new/*"))


def test_on_a_terminal_the_website_has_each_alert_once_and_a_chart_for_each_answer(visit):
    published = re.search(r"all (\d+) expected alerts, and no others, were pub", visit.printed)
    assert published
    assert len(visit.shown) == len(set(visit.shown)) == int(published[1])
    assert visit.charts == ["image/svg+xml"] * 14


def test_ctrl_c_ends_a_demo_that_stays_up_well(visit):
    assert visit.code == 0, visit.printed
    assert visit.children >= 2
    assert visit.left == []
    assert "Traceback" not in visit.printed
    assert warnings_of(visit.folder) == []


def test_with_keep_0_the_demo_ends_by_itself_on_a_terminal_too(tmp_path):
    options = [*SMALL, "--history-rows", "0", "--rate", "0", "--no-analysis"]
    with terminal_demo(tmp_path / "run", *options, environ={"KEEP": "0"}) as terminal:
        said = terminal.read_all()
        assert terminal.run.wait(60) == 0, said
    assert "Check    passed" in said
    assert "Ctrl-C" not in said


@pytest.mark.parametrize(
    ("is_terminal", "environ", "expected"),
    [
        (True, {}, True),
        (True, {"CI": "", "KEEP": "1"}, True),
        (True, {"KEEP": "0"}, False),
        (True, {"CI": "true"}, False),
        (False, {"KEEP": "1"}, False),
    ],
)
def test_the_website_stays_for_a_person_who_did_not_say_otherwise(is_terminal, environ, expected):
    assert is_kept(is_terminal, environ) is expected
