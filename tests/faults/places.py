"""Where a fault test archives to: a folder or a MinIO bucket, behind one face."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from minio import Minio

from local.minio import MinioServer


class Place(Protocol):
    """Two of them: Folder and Bucket."""

    @property
    def options(self) -> list[str]:
        """What `python -m services.archiving` needs to archive here."""

    @property
    def environ(self) -> Mapping[str, str]:
        """And its environment."""

    def objects(self) -> dict[str, bytes]:
        """All objects of the archive, by name."""

    def plant(self, name: str, content: bytes) -> None:
        """Put an object there, as somebody else would."""


@dataclass(frozen=True, slots=True)
class Folder:
    """An archive in a local folder."""

    root: Path
    environ: Mapping[str, str] = field(default_factory=dict)

    @property
    def options(self) -> list[str]:
        return ["--store-folder", str(self.root)]

    def objects(self) -> dict[str, bytes]:
        files = (self.root / "reports").rglob("*")
        return {
            path.relative_to(self.root).as_posix(): path.read_bytes()
            for path in files
            # Half-written files of workers that were killed stay behind, hidden.
            if path.is_file() and not path.name.startswith(".")
        }

    def plant(self, name: str, content: bytes) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


@dataclass(frozen=True, slots=True)
class Bucket:
    """An archive in a bucket of a MinIO server."""

    server: MinioServer
    name: str

    @property
    def options(self) -> list[str]:
        return [
            "--s3-endpoint",
            self.server.endpoint,
            "--s3-bucket",
            self.name,
            "--s3-access-key",
            self.server.access_key,
        ]

    @property
    def environ(self) -> Mapping[str, str]:
        return {"DRONEWATCH_S3_SECRET_KEY": self.server.secret_key}

    @property
    def client(self) -> Minio:
        host = self.server.endpoint.removeprefix("http://")
        return Minio(host, self.server.access_key, self.server.secret_key, secure=False)

    def objects(self) -> dict[str, bytes]:
        client = self.client
        listed = client.list_objects(self.name, "reports/", recursive=True)
        names = [item.object_name or "" for item in listed]
        return {name: _content(client, self.name, name) for name in names}

    def plant(self, name: str, content: bytes) -> None:
        import io

        self.client.put_object(self.name, name, io.BytesIO(content), len(content))


def _content(client: Minio, bucket: str, name: str) -> bytes:
    answer = client.get_object(bucket, name)
    try:
        return answer.read()
    finally:
        answer.close()
        answer.release_conn()
