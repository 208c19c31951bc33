"""The analyses' results as files, in a folder or in an S3 store: spark-operator/analysis's.

`<question>/latest.json` is the manifest of the newest complete run, `<question>/<run>/` its files.
"""

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import click
import urllib3
from minio import Minio
from minio.error import MinioException, S3Error

S3_SCHEMES = ("s3a://", "s3://")
CONNECT_SECONDS = 3.0
READ_SECONDS = 20.0


class ResultsUnavailableError(Exception):
    """The storage cannot be reached or refuses; str() says why in one line."""


@dataclass(frozen=True, slots=True)
class S3Access:
    """How to reach the object storage; endpoint with its scheme, http:// or https://.

    context: whom we trust, for https.
    """

    endpoint: str
    access_key: str
    secret_key: str = field(repr=False)
    region: str = "us-east-1"
    context: ssl.SSLContext | None = None


class Results(Protocol):
    """ResultsFolder and ResultsBucket."""

    def questions(self) -> list[str]:
        """Names of the questions that were ever answered, sorted; ResultsUnavailableError."""
        ...

    def content(self, name: str) -> bytes | None:
        """A file's bytes, None if there is none; ResultsUnavailableError."""
        ...


class ResultsFolder:
    """Results in a local folder, which may not be there yet."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def questions(self) -> list[str]:
        """The names of the folders that hold a latest manifest."""
        try:
            return sorted(path.parent.name for path in self.root.glob("*/latest.json"))
        except OSError as error:
            raise ResultsUnavailableError(f"{self.root}: {error.strerror}") from error

    def content(self, name: str) -> bytes | None:
        """The bytes of a file below the folder; never of one outside of it."""
        path = (self.root / name).resolve()
        if not path.is_relative_to(self.root.resolve()):
            return None
        try:
            return path.read_bytes()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        except OSError as error:
            raise ResultsUnavailableError(f"{self.root}: {error.strerror}") from error


class ResultsBucket:
    """Results below a prefix of a bucket."""

    def __init__(self, bucket: str, prefix: str, access: S3Access) -> None:
        self.bucket = bucket
        self.prefix = f"{prefix}/" if prefix else ""
        url = urlsplit(access.endpoint)
        self.client = Minio(
            endpoint=url.netloc,
            access_key=access.access_key,
            secret_key=access.secret_key,
            secure=url.scheme == "https",
            region=access.region,
            http_client=urllib3.PoolManager(
                timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS),
                retries=False,
                ssl_context=access.context,
            ),
        )

    def questions(self) -> list[str]:
        """The common prefixes directly below the results."""
        try:
            listed = self.client.list_objects(self.bucket, self.prefix)
            names = [item.object_name or "" for item in listed]
        except (MinioException, urllib3.exceptions.HTTPError) as error:
            raise self._unavailable(error) from error
        return sorted(
            name.removeprefix(self.prefix).rstrip("/") for name in names if name.endswith("/")
        )

    def content(self, name: str) -> bytes | None:
        """The bytes of an object."""
        try:
            answer = self.client.get_object(self.bucket, f"{self.prefix}{name}")
        except (MinioException, urllib3.exceptions.HTTPError) as error:
            if isinstance(error, S3Error) and error.code == "NoSuchKey":
                return None
            raise self._unavailable(error) from error
        try:
            return answer.read()
        except urllib3.exceptions.HTTPError as error:
            raise self._unavailable(error) from error
        finally:
            answer.release_conn()

    def _unavailable(self, error: Exception) -> ResultsUnavailableError:
        return ResultsUnavailableError(f"results in bucket {self.bucket}: {error}")


def results_at(place: str, access: S3Access | None) -> Results:
    """The results at a local path or an s3a:// URI; UsageError for any other scheme."""
    scheme = next((scheme for scheme in S3_SCHEMES if place.startswith(scheme)), None)
    if scheme is None:
        if "://" in place:
            raise click.UsageError(f"{place}: only local folders and s3a:// can be used")
        return ResultsFolder(Path(place).expanduser().absolute())
    if access is None:
        raise click.UsageError("results in object storage need an access key and a secret key")
    bucket, _, prefix = place.removeprefix(scheme).strip("/").partition("/")
    return ResultsBucket(bucket, prefix, access)
