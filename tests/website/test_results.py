"""Results in a real MinIO: read, missing, refused, away, and behind TLS."""

import ssl
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
import trustme
import urllib3
from click.testing import CliRunner
from minio import Minio

from local.minio import CERTIFICATES, MinioServer, running_minio
from local.ports import HOST
from services.runtime.tls import tls_context
from services.website.__main__ import main
from services.website.results import ResultsUnavailableError, S3Access, results_at

BUCKET = "results-of-tests"
PLACE = f"s3a://{BUCKET}/results"
FILES = {"parking-hours/latest.json": b"{}", "parking-hours/run/chart.svg": b"<svg/>"}


def access_to(server: MinioServer) -> S3Access:
    context = tls_context("--s3-ca-file", server.ca_file)
    return S3Access(server.endpoint, server.access_key, server.secret_key, context=context)


def fill(server: MinioServer) -> None:
    address = server.endpoint.partition("://")[2]
    keys = (server.access_key, server.secret_key)
    http = urllib3.PoolManager(ca_certs=server.ca_file)
    client = Minio(
        address, *keys, secure=server.ca_file is not None, http_client=http, region="us-east-1"
    )
    client.make_bucket(BUCKET)
    for name, content in FILES.items():
        client.put_object(BUCKET, f"results/{name}", BytesIO(content), len(content))


@pytest.fixture(scope="module")
def filled(minio: MinioServer) -> MinioServer:
    """The session's server, with results."""
    fill(minio)
    return minio


@pytest.fixture
def tls_minio(minio_or_skip: None, tmp_path: Path) -> Iterator[MinioServer]:
    """A server with TLS, with results."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    certificates = tmp_path / "minio" / CERTIFICATES
    certificates.mkdir(parents=True)
    issued = authority.issue_cert(HOST)
    issued.cert_chain_pems[0].write_to_path(certificates / "public.crt")
    issued.private_key_pem.write_to_path(certificates / "private.key")
    with running_minio(tmp_path / "minio", tmp_path / "ca.pem") as server:
        fill(server)
        yield server


def test_questions_and_their_files_are_read(filled: MinioServer) -> None:
    results = results_at(PLACE, access_to(filled))
    assert results.questions() == ["parking-hours"]
    assert {name: results.content(name) for name in FILES} == FILES
    assert results.content("parking-hours/run/nothing") is None


def test_before_the_first_answer_there_are_no_questions(filled: MinioServer) -> None:
    assert results_at(f"s3a://{BUCKET}/other", access_to(filled)).questions() == []


@pytest.mark.parametrize(
    "wrong", [{"secret_key": "a wrong secret"}, {"access_key": "nobody"}, {"bucket": "nowhere"}]
)
def test_a_refusal_is_told_and_tells_no_secret(filled: MinioServer, wrong: dict[str, str]) -> None:
    place = f"s3a://{wrong.pop('bucket', BUCKET)}/results"
    access = replace(access_to(filled), **wrong)  # type: ignore[arg-type]
    results = results_at(place, access)
    for call in (results.questions, lambda: results.content("parking-hours/latest.json")):
        with pytest.raises(ResultsUnavailableError) as refusal:
            call()
        assert access.secret_key not in str(refusal.value)


def test_a_store_that_went_away_is_told_and_read_again_when_it_is_back(
    own_minio: MinioServer,
) -> None:
    fill(own_minio)
    results = results_at(PLACE, access_to(own_minio))
    own_minio.stop()
    with pytest.raises(ResultsUnavailableError):
        results.questions()
    own_minio.restart()
    assert results.questions() == ["parking-hours"]


def test_with_the_stores_ca_it_is_read_by_tls(tls_minio: MinioServer) -> None:
    assert results_at(PLACE, access_to(tls_minio)).questions() == ["parking-hours"]


def test_a_store_that_the_ca_does_not_vouch_for_is_not_believed(tls_minio: MinioServer) -> None:
    access = replace(access_to(tls_minio), context=ssl.create_default_context())
    with pytest.raises(ResultsUnavailableError, match="CERTIFICATE_VERIFY_FAILED"):
        results_at(PLACE, access).questions()


def test_a_file_that_holds_no_ca_is_said_in_a_line(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("no certificate")
    done = CliRunner().invoke(
        main, ["--s3-ca-file", str(file), "--database", str(tmp_path / "website.sqlite")]
    )
    assert done.exit_code == 2
    assert f"--s3-ca-file: no certificates can be read from {file}" in done.output
