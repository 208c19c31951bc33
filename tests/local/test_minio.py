import subprocess
from io import BytesIO

import pytest
from minio import Minio

from local.minio import MinioServer, NoMinioError, minio_executable


def client(server: MinioServer) -> Minio:
    address = server.endpoint.removeprefix("http://")
    return Minio(address, server.access_key, server.secret_key, secure=False)


def test_it_comes_back_on_its_port_with_its_data(own_minio):
    client(own_minio).make_bucket("kept")
    client(own_minio).put_object("kept", "a", BytesIO(b"1"), 1)
    endpoint = own_minio.endpoint
    own_minio.kill()
    own_minio.restart()
    assert own_minio.endpoint == endpoint
    answer = client(own_minio).get_object("kept", "a")
    assert answer.read() == b"1"
    answer.close()
    answer.release_conn()


def test_every_test_gets_an_empty_bucket(minio, bucket):
    assert list(client(minio).list_objects(bucket)) == []


def test_without_minio_and_go_the_remedy_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(NoMinioError, match="install either"):
        minio_executable()


def test_the_secret_is_not_shown(minio):
    assert minio.secret_key not in repr(minio)


def test_a_minio_on_the_path_is_taken_first(monkeypatch, tmp_path):
    mine = tmp_path / "minio"
    mine.write_text("#!/bin/sh\n")
    mine.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert minio_executable() == str(mine)
    assert subprocess.run([minio_executable()], check=False).returncode == 0
