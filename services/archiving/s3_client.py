"""Signed requests to one address of an S3 store.

minio-py signs them. Its own requests are not used: they cannot carry `If-None-Match`, cannot be
sent to a chosen address, and a damaged or unusual answer raises whatever its parser stumbles over.
"""

import hashlib
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import SplitResult, urlsplit

import urllib3
from minio.credentials.credentials import Credentials
from minio.signer import sign_v4_s3

from services.archiving.store import (
    BrokenAnswerError,
    StoreError,
    StoreRefusalError,
    StoreUnavailableError,
)

CONNECT_SECONDS = 3.0
READ_SECONDS = 20.0
CONNECTIONS = 8

# 301: the bucket is in another region. 405 and 501: the store cannot do it.
REFUSALS = {301, 400, 401, 403, 404, 405, 501}
# Codes that come with a status of REFUSALS, though the same request may succeed later.
PASSING_CODES = {
    "BadDigest",
    "IncompleteBody",
    "RequestTimeout",
    "SlowDown",
    "XAmzContentSHA256Mismatch",
    "XMinioAdminBucketQuotaExceeded",
}
CODE = re.compile(rb"<Code>(\w+)</Code>")


@dataclass(frozen=True, slots=True)
class S3Location:
    """The bucket's address and the user. `endpoint` may hold several URLs, split by commas."""

    endpoint: str
    bucket: str
    access_key: str
    secret_key: str = field(repr=False)
    region: str = "us-east-1"
    ca_file: str | None = None

    @property
    def endpoints(self) -> list[str]:
        """The endpoint's URLs, each without a `/` at its end."""
        return [url.strip().rstrip("/") for url in self.endpoint.split(",")]


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer, read to its end."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def code(self) -> str:
        """S3's name of the error, empty if the answer holds none."""
        match = CODE.search(self.body)
        return match[1].decode() if match else ""


def is_endpoint(url: str) -> bool:
    """Whether the text is http:// or https:// with a host, perhaps a port, and nothing more."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    is_bare = parts.path in ("", "/") and not parts.query and "@" not in parts.netloc
    return parts.scheme in ("http", "https") and bool(parts.hostname) and is_bare


def resolved(endpoint: str) -> list[str]:
    """Look up the IP addresses of an endpoint's host. StoreUnavailableError if it has none."""
    url = urlsplit(endpoint)
    try:
        found = socket.getaddrinfo(url.hostname, url.port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise StoreUnavailableError(f"{endpoint}: {error}") from error
    return sorted({str(address[0]) for *_, address in found})


class S3Client:
    """Requests to one endpoint; to one IP address of it, if given.

    The endpoint's host is signed, sent as Host, and checked in the server's certificate.
    """

    def __init__(self, location: S3Location, endpoint: str, address: str | None = None) -> None:
        self.location = location
        self.endpoint = endpoint
        self.address = address
        self.credentials = Credentials(location.access_key, location.secret_key)
        self.pool = _pool(location, urlsplit(endpoint), address)

    def __str__(self) -> str:
        return f"{self.endpoint} ({self.address})" if self.address else self.endpoint

    def request(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes = b""
    ) -> Answer:
        """Send one request. `target` is path and query, both percent-encoded.

        StoreUnavailableError if there is no whole answer, BrokenAnswerError if it was cut.
        """
        signed = self._signed(method, urlsplit(self.endpoint + target), headers, body)
        try:
            answer = self.pool.urlopen(
                method, target, body=body or None, headers=signed, decode_content=False
            )
        except urllib3.exceptions.ProtocolError as error:
            raise BrokenAnswerError(f"{self}: {error}") from error
        except urllib3.exceptions.HTTPError as error:
            raise StoreUnavailableError(f"{self}: {error}") from error
        return Answer(answer.status, answer.headers, answer.data)

    def failure(self, answer: Answer, asked: str) -> StoreError:
        """The error that an answer without success means; `asked` says for what we asked."""
        said = f"{self}, bucket {self.location.bucket}: {answer.status} {answer.code} to {asked}"
        is_passing = answer.status not in REFUSALS or answer.code in PASSING_CODES
        return StoreUnavailableError(said) if is_passing else StoreRefusalError(said)

    def _signed(
        self, method: str, url: SplitResult, headers: Mapping[str, str], body: bytes
    ) -> dict[str, str]:
        now = datetime.now(UTC)
        digest = hashlib.sha256(body).hexdigest()
        signed = sign_v4_s3(
            method=method,
            url=url,
            region=self.location.region,
            headers={
                **headers,
                "Host": url.netloc,
                "x-amz-content-sha256": digest,
                "x-amz-date": f"{now:%Y%m%dT%H%M%SZ}",
            },
            credentials=self.credentials,
            content_sha256=digest,
            date=now,
        )
        return {name: str(value) for name, value in signed.items()}


def _pool(
    location: S3Location, url: SplitResult, address: str | None
) -> urllib3.HTTPConnectionPool:
    host = url.hostname or ""
    target = address or host
    target = f"[{target}]" if ":" in target else target
    common: dict[str, Any] = {
        "port": url.port,
        "maxsize": CONNECTIONS,
        "retries": False,
        "timeout": urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS),
    }
    if url.scheme == "http":
        return urllib3.HTTPConnectionPool(target, **common)
    return urllib3.HTTPSConnectionPool(
        target, ca_certs=location.ca_file, server_hostname=host, assert_hostname=host, **common
    )
