"""MinioStore through a proxy that loses, replaces, cuts and damages answers."""

import random
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import pytest
from minio import Minio

from local.minio import MinioServer
from services.archiving.minio_store import CHECKED_BYTES, TAIL_HEADER, MinioStore, is_intact
from services.archiving.minio_store import tail_value as value_of
from services.archiving.s3_client import Answer, S3Location
from services.archiving.store import StoreRefusalError, StoreUnavailableError
from tests.faults import s3_proxy
from tests.faults.s3_faults import Fault, Request, at_random, script
from tests.faults.s3_proxy import S3Proxy, running_proxy

NAME = "reports/date=2026-03-02/hour=08/0a1b2c3d-00001-00000000000000000007.parquet"
CONTENT = random.Random(7).randbytes(3 * CHECKED_BYTES)
END = CONTENT[-CHECKED_BYTES:]


@pytest.fixture
def proxy(minio: MinioServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Proxy]:
    monkeypatch.setattr(s3_proxy, "DELAY_SECONDS", 0.05)
    with running_proxy(minio.endpoint, script()) as proxy:
        yield proxy


@pytest.fixture
def store(proxy: S3Proxy, minio: MinioServer, bucket: str) -> MinioStore:
    return MinioStore(S3Location(proxy.endpoint, bucket, minio.access_key, minio.secret_key))


@pytest.fixture
def plain_object(minio: MinioServer, bucket: str) -> None:
    """An object as an older archive has it: without a checksum."""
    host = minio.endpoint.removeprefix("http://")
    client = Minio(host, minio.access_key, minio.secret_key, secure=False)
    client.put_object(bucket, NAME, BytesIO(CONTENT), len(CONTENT))


@pytest.mark.parametrize("fault", [Fault.CUT, Fault.FLIP, Fault.RESET, Fault.LOSE_ANSWER])
def test_a_damaged_answer_is_asked_for_again(
    proxy: S3Proxy, store: MinioStore, fault: Fault
) -> None:
    store.put_new(NAME, CONTENT)
    proxy.choose = script(("GET", fault), ("GET", fault))
    assert store.tail(NAME, 100) == CONTENT[-100:]
    assert proxy.faults() == [fault, fault]


@pytest.mark.parametrize("fault", [Fault.CUT, Fault.FLIP])
def test_an_answer_damaged_each_time_is_never_returned(
    proxy: S3Proxy, store: MinioStore, fault: Fault
) -> None:
    store.put_new(NAME, CONTENT)
    proxy.choose = script(*[("GET", fault)] * 3)
    with pytest.raises(StoreUnavailableError, match=NAME):
        store.tail(NAME, 100)


@pytest.mark.parametrize("fault", [Fault.CUT, Fault.FLIP])
@pytest.mark.parametrize("damaged", [0, 1])
def test_without_a_checksum_two_answers_must_be_the_same(
    proxy: S3Proxy, store: MinioStore, plain_object: None, fault: Fault, damaged: int
) -> None:
    proxy.choose = script(*[("GET", None)] * damaged, ("GET", fault))
    assert store.tail(NAME, 100) == CONTENT[-100:]
    assert proxy.faults() == [fault]


@pytest.mark.parametrize("fault", [None, Fault.CUT, Fault.FLIP])
def test_more_than_the_checksum_covers_is_checked_too(
    proxy: S3Proxy, store: MinioStore, fault: Fault | None
) -> None:
    store.put_new(NAME, CONTENT)
    proxy.choose = script(("GET", fault))
    assert store.tail(NAME, 2 * CHECKED_BYTES) == CONTENT[-2 * CHECKED_BYTES :]


AFTER_SUCCESS = [
    Fault.LOSE_ANSWER,
    Fault.ERROR_500_AFTER,
    Fault.BUSY_503_AFTER,
    Fault.CONFLICT_409_AFTER,
]


@pytest.mark.parametrize("fault", AFTER_SUCCESS)
def test_after_an_unclear_answer_the_object_is_there_and_its_name_taken(
    proxy: S3Proxy, store: MinioStore, fault: Fault
) -> None:
    proxy.choose = script(("PUT", fault))
    with pytest.raises(StoreUnavailableError):
        store.put_new(NAME, CONTENT)
    assert store.tail(NAME, CHECKED_BYTES) == END
    assert store.put_new(NAME, b"other") is False


@pytest.mark.parametrize(
    "fault", [Fault.RESET, Fault.ERROR_500, Fault.BUSY_503, Fault.CONFLICT_409]
)
def test_a_put_that_never_reached_the_store_may_be_made_again(
    proxy: S3Proxy, store: MinioStore, fault: Fault
) -> None:
    proxy.choose = script(("PUT", fault))
    with pytest.raises(StoreUnavailableError):
        store.put_new(NAME, CONTENT)
    assert store.tail(NAME, 1) is None
    assert store.put_new(NAME, CONTENT) is True


@pytest.mark.parametrize("fault", [Fault.CUT, Fault.RESET, Fault.LOSE_ANSWER, Fault.BUSY_503])
def test_a_broken_listing_is_unavailable_and_never_a_short_one(
    proxy: S3Proxy, store: MinioStore, fault: Fault
) -> None:
    names = [f"reports/date=2026-03-02/{number}" for number in range(20)]
    for name in names:
        store.put_new(name, b"x")
    proxy.choose = script(("GET", fault))
    with pytest.raises(StoreUnavailableError):
        list(store.names("reports/"))
    assert sorted(store.names("reports/")) == sorted(names)


def test_among_random_faults_a_tail_is_right_or_unavailable(
    proxy: S3Proxy, store: MinioStore
) -> None:
    contents = {f"reports/{n}": random.Random(n).randbytes(1_000 * n) for n in range(1, 120)}
    proxy.choose = at_random(seed=5, share=0.3)
    wins = {until_clear(store.put_new, name, content) for name, content in contents.items()}
    tails = {name: until_clear(store.tail, name, 500) for name in contents}
    assert tails == {name: content[-500:] for name, content in contents.items()}
    assert wins == {True, False}
    # A full store is none that passes at random.
    assert set(proxy.faults()) == set(Fault) - {Fault.FULL_507}


def until_clear(call: Callable[..., Any], *arguments: Any) -> Any:
    for _ in range(30):
        try:
            return call(*arguments)
        except StoreUnavailableError:
            continue
    raise AssertionError("never a clear answer")


def test_the_same_seed_gives_the_same_faults() -> None:
    requests = [Request(method, "/bucket/name") for method in ("GET", "PUT") * 50]
    drawn = [
        [chooser(request) for request in requests]
        for chooser in map(at_random, [3, 3, 4], [0.5] * 3)
    ]
    assert drawn[0] == drawn[1] != drawn[2]


def answer(body: bytes, value: str) -> Answer:
    return Answer(206, {TAIL_HEADER: value}, body)


@pytest.mark.parametrize(
    ("body", "value", "verdict"),
    [
        (b"end", value_of(b"end"), True),
        (b"", value_of(b""), True),
        (b"end", value_of(b"eNd"), False),
        # The checksum covers more than came, or less.
        (b"d", value_of(b"end"), None),
        (b"the end", value_of(b"end"), None),
        (b"the eNd", value_of(b"end"), False),
        (b"end", "", None),
        (b"end", "3:abc", None),
    ],
)
def test_the_verdict_on_an_objects_end(body: bytes, value: str, verdict: bool | None) -> None:
    assert is_intact(answer(body, value)) is verdict


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (409, "ConditionalRequestConflict", StoreUnavailableError),
        (503, "SlowDown", StoreUnavailableError),
        (429, "TooManyRequests", StoreUnavailableError),
        (507, "XMinioStorageFull", StoreUnavailableError),
        (400, "XMinioAdminBucketQuotaExceeded", StoreUnavailableError),
        (400, "XAmzContentSHA256Mismatch", StoreUnavailableError),
        (404, "NoSuchBucket", StoreRefusalError),
        (403, "AccessDenied", StoreRefusalError),
        (501, "NotImplemented", StoreRefusalError),
    ],
)
def test_what_may_pass_is_unavailable_and_what_needs_a_human_is_a_refusal(
    store: MinioStore, status: int, code: str, error: type[Exception]
) -> None:
    said = Answer(status, {}, f"<Error><Code>{code}</Code></Error>".encode())
    assert type(store.clients[0].failure(said, "a put")) is error
