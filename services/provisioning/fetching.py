"""An object of the store copied to a volume, for a program that reads files.

Whole or not at all under its own name: until then it has another, and who comes after a kill goes
on where that one ends.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from minio import Minio
from minio.datatypes import Object

BLOCK_BYTES = 1024 * 1024
NO_SUCH_OBJECT = "NoSuchKey"


def fetch(client: Minio, bucket: str, key: str, target: Path) -> bool:
    """Whether the object was copied to target; False if a file stood there, which stays as it is.

    One of store.FAILURES or OSError if it was not, or not to its end.
    """
    if target.exists():
        return False
    found = client.stat_object(bucket, key)
    # With the content's mark: the beginning of another content is not continued.
    part = target.with_name(f"{target.name}.{found.etag}.part")
    with part.open("ab") as file:
        for block in _rest(client, found, file.tell()):
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
    part.replace(target)
    return True


def _rest(client: Minio, found: Object, start: int) -> Iterator[bytes]:
    """The object's bytes from this offset on."""
    if start == found.size:
        return
    unchanged: dict[str, str | list[str] | tuple[str]] = {"If-Match": f'"{found.etag}"'}
    answer = client.get_object(
        found.bucket_name, found.object_name or "", start, request_headers=unchanged
    )
    try:
        yield from answer.stream(BLOCK_BYTES)
    finally:
        answer.close()
        answer.release_conn()
