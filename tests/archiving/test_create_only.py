"""The check at the start finds a store in which two puts of one name may win."""

import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trustme

from local.minio import CERTIFICATES, MinioServer, running_minio
from services.archiving.minio_store import MinioStore
from services.archiving.s3_client import S3Client, S3Location, is_endpoint
from services.archiving.store import (
    RACERS,
    StoreRefusalError,
    StoreUnavailableError,
    is_create_only,
)
from tests.archiving.scripted import ScriptedStore
from tests.faults.s3_faults import Fault, script
from tests.faults.s3_proxy import running_proxy

AWAY = StoreUnavailableError("away")
HOST = "store.example"


class LastWins(ScriptedStore):
    """A store as it must not be: a later put overwrites, and is told that it won."""

    def put_new(self, name: str, content: bytes) -> bool:
        self.objects[name] = content
        return True


class LooksFirst(ScriptedStore):
    """Sees a name that is taken, but all that look at the same time win."""

    all_look = threading.Barrier(RACERS)

    def put_new(self, name: str, content: bytes) -> bool:
        is_taken = name in self.objects
        if not is_taken and not name.endswith("answering"):
            self.all_look.wait(5)
        self.objects[name] = content
        return not is_taken


class LosesItsAnswers(ScriptedStore):
    """The put that wins hears nothing of it."""

    def put_new(self, name: str, content: bytes) -> bool:
        if ScriptedStore.put_new(self, name, content) and not name.endswith("answering"):
            raise AWAY
        return False


def away(clear_puts: int = 0) -> ScriptedStore:
    """A store that after some puts answers none."""
    return ScriptedStore(puts=[True] * clear_puts + [AWAY] * 20)


class Several(ScriptedStore):
    """A store that is reached through several addresses."""

    def __init__(self, *addresses: ScriptedStore) -> None:
        ScriptedStore.__init__(self)
        self.each = list(addresses)

    def addresses(self) -> list[ScriptedStore]:
        return self.each


def test_a_store_that_lets_two_win_is_found_out() -> None:
    assert not is_create_only(LastWins(), "probes/one")
    assert not is_create_only(LooksFirst(), "probes/one")


def test_addresses_that_do_not_know_of_each_others_objects_are_found_out() -> None:
    shared = ScriptedStore()
    assert is_create_only(Several(shared, shared), "probes/one")
    assert not is_create_only(Several(ScriptedStore(), ScriptedStore()), "probes/one")


def test_a_store_that_wins_only_sometimes_is_found_out_by_a_later_round() -> None:
    class SecondRound(ScriptedStore):
        def put_new(self, name: str, content: bytes) -> bool:
            return ScriptedStore.put_new(self, name, content) or name.endswith("-1")

    assert not is_create_only(SecondRound(), "probes/one")


def test_an_address_that_is_away_is_left_out_and_all_away_is_unavailable() -> None:
    assert is_create_only(Several(away(), ScriptedStore()), "probes/one")
    with pytest.raises(StoreUnavailableError):
        is_create_only(Several(away(), away()), "probes/one")


def test_a_lost_answer_is_no_second_winner_and_no_clear_answer_is_no_verdict() -> None:
    assert is_create_only(LosesItsAnswers(), "probes/one")
    with pytest.raises(StoreUnavailableError):
        is_create_only(away(clear_puts=1), "probes/one")


@pytest.fixture
def resolving(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """`resolving(*addresses)`: HOST has these IP addresses."""
    real = socket.getaddrinfo

    def resolve(*addresses: str) -> None:
        def look_up(host: Any, port: Any, *args: Any, **options: Any) -> Any:
            hosts = addresses if host == HOST else (host,)
            return [found for one in hosts for found in real(one, port, *args, **options)]

        monkeypatch.setattr(socket, "getaddrinfo", look_up)

    return resolve


def test_the_race_goes_to_every_ip_address_of_the_host(
    minio: MinioServer, bucket: str, resolving: Callable[..., None]
) -> None:
    resolving("127.0.0.2", "127.0.0.3")
    with (
        running_proxy(minio.endpoint, script(), "127.0.0.2") as first,
        running_proxy(minio.endpoint, script(), "127.0.0.3", first.port) as second,
    ):
        endpoint = f"http://{HOST}:{first.port}"
        store = MinioStore(S3Location(endpoint, bucket, minio.access_key, minio.secret_key))
        assert is_create_only(store, "probes/one")
        puts = [
            sum(request.method == "PUT" for request, _ in proxy.met) for proxy in (first, second)
        ]
    assert min(puts) >= 3 * RACERS // 2


def test_conflicts_and_lost_answers_in_the_race_do_not_condemn_a_good_store(
    minio: MinioServer, bucket: str
) -> None:
    faults = [None, Fault.CONFLICT_409, Fault.LOSE_ANSWER, Fault.BUSY_503_AFTER, Fault.RESET]
    with running_proxy(minio.endpoint, script(*(("PUT", fault) for fault in faults))) as proxy:
        store = MinioStore(S3Location(proxy.endpoint, bucket, minio.access_key, minio.secret_key))
        assert is_create_only(store, "probes/one")
        assert len(proxy.faults()) == len(faults) - 1


def test_after_a_failure_the_next_endpoint_is_asked(
    minio: MinioServer, own_minio: MinioServer, bucket: str
) -> None:
    own_minio.stop()
    there = S3Location(minio.endpoint, bucket, minio.access_key, minio.secret_key)
    store = MinioStore(replace(there, endpoint=f"{own_minio.endpoint}, {minio.endpoint}/"))
    with pytest.raises(StoreUnavailableError, match=own_minio.endpoint):
        store.put_new("one", b"x")
    assert store.put_new("one", b"x")


@pytest.fixture
def tls_minio(minio_or_skip: None, tmp_path: Path) -> Iterator[MinioServer]:
    """A MinIO whose certificate is for HOST."""
    authority, certificates = trustme.CA(), tmp_path / "minio" / CERTIFICATES
    certificates.mkdir(parents=True)
    own = authority.issue_cert(HOST, "127.0.0.1")
    own.cert_chain_pems[0].write_to_path(certificates / "public.crt")
    own.private_key_pem.write_to_path(certificates / "private.key")
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    with running_minio(tmp_path / "minio", tmp_path / "ca.pem") as server:
        yield server


@pytest.mark.parametrize(
    ("host", "error", "said"),
    [
        (HOST, StoreRefusalError, "NoSuchBucket"),
        ("127.0.0.1", StoreRefusalError, "NoSuchBucket"),
        ("other.example", StoreUnavailableError, "other.example.*doesn't match"),
    ],
)
def test_an_address_must_have_the_hosts_certificate(
    tls_minio: MinioServer, host: str, error: type[Exception], said: str
) -> None:
    endpoint = f"https://{host}:{tls_minio.port}"
    keys = tls_minio.access_key, tls_minio.secret_key
    location = S3Location(endpoint, "none", *keys, ca_file=str(tls_minio.ca_file))
    store = MinioStore(location, [S3Client(location, endpoint, "127.0.0.1")])
    with pytest.raises(error, match=said):
        store.put_new("one", b"x")


@pytest.mark.parametrize(
    ("url", "is_one"),
    [
        ("http://minio:9000", True),
        ("https://store.example/", True),
        ("http://[::1]:9000", True),
        ("minio:9000", False),
        ("ftp://minio", False),
        ("http://", False),
        ("http://minio:port", False),
        ("http://minio/bucket", False),
        ("http://user:word@minio", False),
        ("", False),
    ],
)
def test_an_endpoint_is_scheme_host_and_port(url: str, is_one: bool) -> None:
    assert is_endpoint(url) is is_one


def test_a_host_without_an_address_is_unavailable() -> None:
    with pytest.raises(StoreUnavailableError, match="//nowhere"):
        MinioStore(S3Location("http://nowhere.invalid:9", "b", "a", "s")).addresses()
