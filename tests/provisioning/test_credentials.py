"""Secrets that are made once, against a small stand-in for the API server that keeps them."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from kubernetes import client
from kubernetes.client.exceptions import ApiException

from services.provisioning.credentials import STORE_USER, WEBSITE, create_once, new_credentials
from services.website.session_key import KEY_BYTES_MIN
from services.website.users import PASSWORD_CHARACTERS


class ApiServer(ThreadingHTTPServer):
    """Creates Secrets as Kubernetes does: a name is taken once; `locked` is forbidden."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.secrets: dict[str, dict[str, str]] = {}


class Handler(BaseHTTPRequestHandler):
    server: ApiServer

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        body = json.loads(self.rfile.read(length))
        namespace, name = self.path.split("/")[4], body["metadata"]["name"]
        known = self.server.secrets
        status = 403 if namespace == "locked" else 409 if name in known else 201
        if status == 201:
            known[name] = body["stringData"]
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


@pytest.fixture
def server() -> Iterator[ApiServer]:
    with ApiServer() as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def api(server: ApiServer) -> Iterator[client.CoreV1Api]:
    configuration = client.Configuration(host=f"http://127.0.0.1:{server.server_port}")
    with client.ApiClient(configuration) as connection:
        yield client.CoreV1Api(connection)


def test_a_secret_that_stands_is_left_as_it_is(api: client.CoreV1Api, server: ApiServer) -> None:
    assert create_once(api, "sky", new_credentials("user", STORE_USER, {}))
    made = dict(server.secrets["user"])
    assert not create_once(api, "sky", new_credentials("user", STORE_USER, {}))
    assert server.secrets["user"] == made
    assert made.keys() == STORE_USER.keys()


def test_what_is_forbidden_is_an_error(api: client.CoreV1Api) -> None:
    with pytest.raises(ApiException, match="403"):
        create_once(api, "locked", new_credentials("user", STORE_USER, {}))


def test_no_two_passwords_are_the_same_and_minio_accepts_their_length() -> None:
    secrets = [new_credentials(f"user-{n}", STORE_USER, {}).string_data for n in range(100)]
    assert len({secret["secretKey"] for secret in secrets}) == 100
    assert all(3 <= len(s["accessKey"]) <= 20 and 8 <= len(s["secretKey"]) <= 40 for s in secrets)


def test_the_website_takes_its_key_and_its_first_operators_password() -> None:
    made = new_credentials("website", WEBSITE, {}).string_data
    assert len(made["sessionKey"].encode()) >= KEY_BYTES_MIN
    assert len(made["operatorPassword"]) in PASSWORD_CHARACTERS
