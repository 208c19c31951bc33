"""The archive in MinIO, or any S3 store with an atomic create-only put.

minio-py lists, reads and signs; it cannot send `If-None-Match`, so the put is our own request,
signed with minio-py's signer, header included (a proxy may strip an unsigned one).
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NoReturn
from urllib.parse import quote, urlsplit

import urllib3
from minio import Minio
from minio.credentials.credentials import Credentials
from minio.error import MinioException, S3Error
from minio.signer import sign_v4_s3

from services.archiving.store import StoreRefusalError, StoreUnavailableError

CONNECT_SECONDS = 3.0
READ_SECONDS = 20.0
CONNECTIONS = 8

CREATED = 200
NAME_TAKEN = 412
REFUSALS = {400, 401, 403, 404}


@dataclass(frozen=True, slots=True)
class S3Location:
    """Where the bucket is, and who we are there."""

    endpoint: str
    bucket: str
    access_key: str
    secret_key: str = field(repr=False)
    region: str = "us-east-1"
    ca_file: str | None = None


class MinioStore:
    """Objects are objects of one bucket. `endpoint` is a URL, http:// or https://."""

    def __init__(self, location: S3Location) -> None:
        self.location = location
        self.credentials = Credentials(location.access_key, location.secret_key)
        self.http = urllib3.PoolManager(
            timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS),
            maxsize=CONNECTIONS,
            retries=False,
            ca_certs=location.ca_file,
        )
        url = urlsplit(location.endpoint)
        self.client = Minio(
            endpoint=url.netloc,
            access_key=location.access_key,
            secret_key=location.secret_key,
            secure=url.scheme == "https",
            region=location.region,
            http_client=self.http,
        )

    def put_new(self, name: str, content: bytes) -> bool:
        """One PUT with `If-None-Match: *`; 412 means that the name is taken."""
        url = f"{self.location.endpoint.rstrip('/')}/{self.location.bucket}/{quote(name)}"
        headers = self._signed_headers(url, content)
        try:
            answer = self.http.request("PUT", url, body=content, headers=headers)
        except urllib3.exceptions.HTTPError as error:
            raise StoreUnavailableError(f"{self.location.endpoint}: {error}") from error
        if answer.status in (CREATED, NAME_TAKEN):
            return answer.status == CREATED
        said = f"{self.location.endpoint} answers {answer.status} to a put"
        raise StoreRefusalError(said) if answer.status in REFUSALS else StoreUnavailableError(said)

    def _signed_headers(self, url: str, content: bytes) -> dict[str, str]:
        now = datetime.now(UTC)
        digest = hashlib.sha256(content).hexdigest()
        headers: dict[str, str | list[str] | tuple[str]] = {
            "Host": urlsplit(url).netloc,
            "If-None-Match": "*",
            "Content-Type": "application/vnd.apache.parquet",
            "x-amz-content-sha256": digest,
            "x-amz-date": f"{now:%Y%m%dT%H%M%SZ}",
        }
        signed = sign_v4_s3(
            method="PUT",
            url=urlsplit(url),
            region=self.location.region,
            headers=headers,
            credentials=self.credentials,
            content_sha256=digest,
            date=now,
        )
        return {name: str(value) for name, value in signed.items()}

    def tail(self, name: str, size_bytes: int) -> bytes | None:
        """The object's last bytes, in two requests, as minio-py knows no suffix range."""
        try:
            size = self.client.stat_object(self.location.bucket, name).size or 0
            offset = max(0, size - size_bytes)
            answer = self.client.get_object(
                self.location.bucket, name, offset=offset, length=size - offset
            )
        except S3Error as error:
            if error.code == "NoSuchKey":
                return None
            _fail(self.location, error)
        except (MinioException, urllib3.exceptions.HTTPError) as error:
            _fail(self.location, error)
        return _read(self.location, answer)

    def folders(self, folder: str) -> list[str]:
        """The common prefixes directly below the folder."""
        return [name for name in self._listed(folder, recursive=False) if name.endswith("/")]

    def names(self, folder: str) -> Iterator[str]:
        """Names of all objects below the folder."""
        yield from self._listed(folder, recursive=True)

    def _listed(self, folder: str, *, recursive: bool) -> Iterator[str]:
        try:
            for item in self.client.list_objects(self.location.bucket, folder, recursive):
                yield item.object_name or ""
        except (MinioException, urllib3.exceptions.HTTPError) as error:
            _fail(self.location, error)


def _read(location: S3Location, answer: urllib3.BaseHTTPResponse) -> bytes:
    try:
        return answer.read()
    except urllib3.exceptions.HTTPError as error:
        _fail(location, error)
    finally:
        answer.release_conn()


def _fail(location: S3Location, error: Exception) -> NoReturn:
    said = f"{location.endpoint}, bucket {location.bucket}: {error}"
    if isinstance(error, S3Error) and error.response.status in REFUSALS:
        raise StoreRefusalError(said) from error
    raise StoreUnavailableError(said) from error
