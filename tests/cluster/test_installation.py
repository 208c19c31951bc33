import json
import shutil

import pytest
from click.testing import CliRunner

from cluster.__main__ import main
from local.ports import free_port

pytestmark = pytest.mark.skipif(not shutil.which("kubectl"), reason="no kubectl on the PATH")


@pytest.fixture
def kubeconfig(tmp_path, monkeypatch):
    file = tmp_path / "config"
    monkeypatch.setenv("KUBECONFIG", str(file))
    return file


@pytest.fixture
def absent_cluster(kubeconfig):
    server = f"https://127.0.0.1:{free_port()}"
    cluster = {"name": "kind-gone", "cluster": {"server": server}}
    context = {"name": "kind-gone", "context": {"cluster": "kind-gone", "user": "me"}}
    user = {"name": "me", "user": {"username": "me", "password": "any"}}
    config = {"clusters": [cluster], "contexts": [context], "users": [user]}
    config |= {"current-context": "kind-gone"}
    kubeconfig.write_text(json.dumps({"apiVersion": "v1", "kind": "Config", **config}))


def refusal(*arguments):
    ran = CliRunner().invoke(main, ["operators", *arguments])
    assert ran.exit_code == 1
    assert ran.exception is None or isinstance(ran.exception, SystemExit)
    return ran.output.splitlines()


def test_without_a_cluster_the_way_to_one_is_told(kubeconfig):
    assert "`make cluster`" in refusal()[-1]


def test_a_cluster_that_does_not_answer_is_told(absent_cluster):
    told = refusal()
    assert len(told) == 2
    assert "refused" in told[-1]


def test_a_command_that_shall_install_them_and_is_missing_is_named(absent_cluster):
    assert refusal("--instead", "no-such-script all")[-1] == (
        "Error: cannot run no-such-script: No such file or directory"
    )


def test_a_command_that_shall_install_them_and_fails_is_named(absent_cluster):
    assert refusal("--instead", "sh -c 'exit 3'")[-1] == "Error: sh -c 'exit 3' failed: 3"
