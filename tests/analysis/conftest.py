"""One local Spark for all tests of the analysis, and small archives."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from analysis.archive import ROW_SCHEMA
from analysis.session import launch_settings, spark_session
from analysis.storage import S3Access, Storage, storage_at
from tests.analysis.rows import report, write_rows

FrameOf = Callable[..., DataFrame]
WriteRows = Callable[..., Path]


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    scratch = tmp_path_factory.mktemp("spark")
    with spark_session(launch_settings("local[2]", scratch, False), scratch / "log") as session:
        yield session


@pytest.fixture
def reports_of(spark: SparkSession) -> FrameOf:
    """`reports_of({...}, {...})`: a frame of reports, each the usual one with these fields."""

    def frame(*differences: dict[str, Any]) -> DataFrame:
        rows = [report(number, **fields) for number, fields in enumerate(differences)]
        return spark.createDataFrame(rows, ROW_SCHEMA)

    return frame


@pytest.fixture
def archive(tmp_path: Path) -> Storage:
    """An archive in a folder of the test's own, without any day yet."""
    (tmp_path / "archive" / "reports").mkdir(parents=True)
    return storage_at(str(tmp_path / "archive"), S3Access())


@pytest.fixture
def write(archive: Storage) -> WriteRows:
    """`write({...}, {...})`: one more object of the archive with these rows; its path."""
    return lambda *differences: write_rows(
        Path(archive.root), [report(number, **fields) for number, fields in enumerate(differences)]
    )
