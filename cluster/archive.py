"""A platform's archive read from outside the cluster: its objects, as files."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from minio import Minio

BUCKET = "dronewatch"
# A request through `kubectl port-forward` is 60 ms of waiting: a thousand objects take a minute one
# after the other, four seconds eight at once.
READERS = 8


def objects(store: Minio) -> Iterable[Any]:
    """Of each of the archive's objects what minio-py tells (its `Object`)."""
    found: Iterable[Any] = store.list_objects(BUCKET, prefix="reports/", recursive=True)
    return found


def object_names(store: Minio) -> list[str]:
    """The names of all of them."""
    return [at.object_name for at in objects(store)]


@contextmanager
def copied(store: Minio, names: Iterable[str]) -> Iterator[Path]:
    """A folder that holds these objects under their names, for as long as it is open."""
    with TemporaryDirectory() as folder:
        with ThreadPoolExecutor(READERS) as pool:
            copies = pool.map(lambda name: _copy(store, name, Path(folder) / name), names)
            # Raises what a copy raised.
            list(copies)
        yield Path(folder)


def _copy(store: Minio, name: str, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with closing(store.get_object(BUCKET, name)) as content:
        file.write_bytes(content.read())
