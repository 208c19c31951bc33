"""The receiver of webhooks of the demo, as a process; it is strict about signatures."""

import hmac
import socket
import sys
import time
from hashlib import sha256
from http.client import HTTPConnection
from pathlib import Path

import pytest

from local.ports import HOST, free_port, is_listening
from local.processes import Goal, await_until, running, start, stop
from local.receiver import TOLERANCE_SECONDS, Receiver, kept_events, running_receiver

WAIT_SECONDS = 60.0
SECRET = b"not-a-real-secret"
BODY = b'{"event_id": "r-1"}'


def post(port: int, body: bytes, headers: dict[str, str]) -> int:
    connection = HTTPConnection(HOST, port, timeout=WAIT_SECONDS)
    try:
        connection.request("POST", "/alerts", body, headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


def signed(body: bytes, age_seconds: int = 0) -> dict[str, str]:
    timestamp = str(int(time.time()) - age_seconds)
    signature = hmac.new(SECRET, timestamp.encode() + b"." + body, sha256).hexdigest()
    return {"Dronewatch-Timestamp": timestamp, "Dronewatch-Signature": f"v1={signature}"}


def command(port: int, file: Path, secret_file: Path) -> list[str]:
    secret_file.write_bytes(SECRET + b"\n")
    options = ["--port", str(port), "--file", str(file), "--secret-file", str(secret_file)]
    return [sys.executable, "-m", "local.receiver", *options]


def test_it_keeps_signed_events_and_stops_when_told(tmp_path: Path) -> None:
    port, file = free_port(), tmp_path / "events.jsonl"
    child = start("receiver", command(port, file, tmp_path / "secret"), tmp_path / "log")
    with running(child):
        await_until(lambda: is_listening(port), [child], Goal("it should listen", WAIT_SECONDS))
        assert post(port, BODY, signed(BODY)) == 204
        assert post(port, BODY, {}) == 401
        assert stop(child) == 0
    assert kept_events(file) == [{"event_id": "r-1"}]


def test_where_its_port_is_taken_it_says_so_in_one_line(tmp_path: Path) -> None:
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        line = command(port, tmp_path / "events", tmp_path / "secret")
        child = start("receiver", line, tmp_path / "log")
        with running(child):
            assert child.popen.wait(WAIT_SECONDS) == 1
    expected = f"Error: cannot listen on port {port}: Address already in use\n"
    assert child.log_file.read_text() == expected


@pytest.mark.parametrize(
    ("body", "age_seconds", "other_headers", "status"),
    [
        (BODY, 0, {}, 204),
        (b'{"event_id": "r-2"}', 0, {}, 401),
        (BODY, TOLERANCE_SECONDS + 60, {}, 401),
        (BODY, -TOLERANCE_SECONDS - 60, {}, 401),
        (BODY, 0, {"Dronewatch-Timestamp": "soon"}, 401),
        (BODY, 0, {"Dronewatch-Signature": "v1="}, 401),
    ],
)
def test_only_what_is_signed_now_and_whole_is_kept(
    tmp_path: Path, body: bytes, age_seconds: int, other_headers: dict[str, str], status: int
) -> None:
    with running_receiver(tmp_path / "events", SECRET) as receiver:
        headers = signed(BODY, age_seconds) | other_headers
        assert post(receiver.port, body, headers) == status
        assert len(receiver.events()) == int(status == 204)


def test_what_is_no_json_is_not_kept(tmp_path: Path) -> None:
    with running_receiver(tmp_path / "events", SECRET) as receiver:
        assert post(receiver.port, b"no JSON", signed(b"no JSON")) == 400
        assert receiver.events() == []


def test_headers_may_be_spelt_as_proxies_spell_them(tmp_path: Path) -> None:
    with running_receiver(tmp_path / "events", SECRET) as receiver:
        headers = {name.lower(): value for name, value in signed(BODY).items()}
        assert post(receiver.port, BODY, headers) == 204


def test_it_comes_back_on_its_port_with_its_file(tmp_path: Path) -> None:
    receiver = Receiver(tmp_path / "events", free_port(), SECRET)
    for _ in range(2):
        receiver.start()
        assert post(receiver.port, BODY, signed(BODY)) == 204
        receiver.stop()
    assert len(receiver.events()) == 2
