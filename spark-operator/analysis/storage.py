"""Where archive and results are: a local folder or a prefix in MinIO, behind one interface.

Spark reads the archive through S3A; everything small (folder names, results) goes through
pyarrow's file systems, which are the same for both.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import click
from pyarrow.fs import FileSystem, LocalFileSystem, S3FileSystem

S3A = "s3a://"


@dataclass(frozen=True, slots=True)
class S3Access:
    """How to reach the object storage; without keys the environment's credentials are used.

    endpoint: with its scheme, http:// or https://.
    """

    endpoint: str = "http://localhost:9000"
    access_key: str | None = None
    secret_key: str | None = field(default=None, repr=False)
    region: str = "us-east-1"


@dataclass(frozen=True, slots=True)
class Storage:
    """A folder: as Spark names it (uri), and as pyarrow does (filesystem and root)."""

    uri: str
    filesystem: FileSystem
    root: str

    @property
    def is_remote(self) -> bool:
        """Whether it is in object storage."""
        return self.uri.startswith(S3A)


def storage_at(place: str, access: S3Access) -> Storage:
    """The storage at a local path or an s3a:// URI; UsageError for any other scheme."""
    if place.startswith(S3A):
        return Storage(place.rstrip("/"), _s3(access), place.removeprefix(S3A).rstrip("/"))
    if "://" in place:
        raise click.UsageError(f"{place}: only local folders and s3a:// can be used")
    path = Path(place).expanduser().absolute()
    return Storage(path.as_uri(), LocalFileSystem(), str(path))


def _s3(access: S3Access) -> S3FileSystem:
    scheme, _, host = access.endpoint.partition("://")
    return S3FileSystem(
        access_key=access.access_key,
        secret_key=access.secret_key,
        endpoint_override=host,
        scheme=scheme,
        region=access.region,
        force_virtual_addressing=False,
        connect_timeout=5,
        request_timeout=60,
    )


def s3a_settings(access: S3Access) -> Mapping[str, str]:
    """The access as Hadoop's S3A names it."""
    settings = {
        "fs.s3a.endpoint": access.endpoint,
        "fs.s3a.endpoint.region": access.region,
        "fs.s3a.path.style.access": "true",
        "fs.s3a.connection.ssl.enabled": str(access.endpoint.startswith("https://")).lower(),
    }
    if access.access_key and access.secret_key:
        settings |= {
            "fs.s3a.access.key": access.access_key,
            "fs.s3a.secret.key": access.secret_key,
        }
    return settings
