"""Files of every kind give the same text, from wherever reading begins."""

import gzip
import io
import threading
import zipfile
from pathlib import Path

import pytest

from services.loading.files import Input, Unreadable, inputs, opened
from services.loading.headings import HEADING_BYTES

TEXT = b"".join(b"%d,some text that does not repeat\n" % number for number in range(10_000))
STARTS = (0, 1, HEADING_BYTES - 1, HEADING_BYTES, HEADING_BYTES + 1, len(TEXT) - 1, len(TEXT))


def zipped(**members: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return made.getvalue()


def read(text: Input, start: int) -> bytes:
    with opened(text, threading.Event()) as source:
        return b"".join(source.blocks(start))


@pytest.fixture(params=[bytes, gzip.compress, lambda text: zipped(**{"a.csv": text})])
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The text in a file of each kind, none of which says so in its name."""
    path = tmp_path / "file"
    path.write_bytes(request.param(TEXT))
    return path


@pytest.mark.parametrize("start", STARTS)
def test_reading_begins_anywhere(start: int, file: Path) -> None:
    [text] = inputs(file)
    assert read(text, start) == TEXT[start:]


def test_no_block_is_large(file: Path) -> None:
    [text] = inputs(file)
    with opened(text, threading.Event()) as source:
        assert max(map(len, source.blocks(0))) <= HEADING_BYTES


def test_the_share_done_grows_to_all(file: Path) -> None:
    [text] = inputs(file)
    with opened(text, threading.Event()) as source:
        shares, offset = [], 0
        for block in source.blocks(0):
            offset += len(block)
            shares.append(source.share(offset))
    assert shares == sorted(shares)
    assert 0 < shares[0] <= shares[-1] == 1


def test_gzip_files_put_one_behind_the_other_are_one_text(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(TEXT) + gzip.compress(TEXT))
    [text] = inputs(path)
    assert read(text, 0) == TEXT * 2


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(TEXT)[:20_000],
        gzip.compress(TEXT)[:20_000] + b"\0" * 5_000,
        zipped(**{"a.csv": TEXT})[:20_000],
        zipped(**{"a.csv": TEXT}).replace(b"\x78", b"\x79"),
        zipped(**{"xl/workbook.xml": b"", "xl/styles.xml": b""}),
        zipped(**{"a.dbf": TEXT, "a.prj": TEXT}),
        b"PK\x03\x04",
        b"\x1f\x8b",
    ],
)
def test_a_damaged_or_foreign_file_is_one_clear_line(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(Unreadable) as raised:
        [read(text, 0) for text in inputs(path)]
    assert str(raised.value).isprintable()


def test_an_excel_workbook_is_named_as_one(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(zipped(**{"[Content_Types].xml": b"", "xl/workbook.xml": b""}))
    with pytest.raises(Unreadable, match="save it as CSV"):
        inputs(path)
