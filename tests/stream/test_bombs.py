"""A batch takes little memory, whatever it unpacks to."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import zstandard

from services.stream.decompression import SNAPPY_BLOCK_BYTES_MAX, ZSTD_WINDOW_BYTES_MAX
from services.stream.records import PIECE_BYTES
from services.stream.worker import Fetch
from tests.stream.batches import SNAPPY, ZSTD, batch, pieces, plain, reader
from tests.stream.bombs import BOMB_BYTES, VALUE_BYTES, bomb

ROOT = Path(__file__).parents[2]
MEBIBYTE = 1024 * 1024


def read_in_own_process(raw: bytes, file: Path) -> list[int]:
    file.write_bytes(raw)
    command = [sys.executable, "-m", "tests.stream.bombs", str(file)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    figures: list[int] = json.loads(done.stdout)
    return figures


@pytest.mark.parametrize("codec", ["gzip", "lz4", "zstd"])
def test_many_records_in_a_bomb_come_in_bounded_pieces_and_memory(
    codec: str, tmp_path: Path
) -> None:
    raw = bomb(codec, "many")
    assert len(raw) < 2 * MEBIBYTE
    records, count, largest, rise = read_in_own_process(raw, tmp_path / "bomb")
    assert records == BOMB_BYTES // VALUE_BYTES
    assert largest < 2 * PIECE_BYTES
    assert count > BOMB_BYTES // (2 * PIECE_BYTES)
    assert rise < 16 * MEBIBYTE


@pytest.mark.parametrize("codec", ["gzip", "lz4", "zstd"])
def test_one_record_that_is_a_bomb_takes_bounded_memory(codec: str, tmp_path: Path) -> None:
    raw = bomb(codec, "one")
    records, count, largest, rise = read_in_own_process(raw, tmp_path / "bomb")
    assert (records, count) == (1, 1)
    assert largest <= PIECE_BYTES
    assert rise < 16 * MEBIBYTE


def test_a_snappy_block_that_declares_too_much_is_not_unpacked() -> None:
    # A varint, not zigzag.
    block = b"\x81\x80\x80\x08" + bytes(100)
    [piece] = pieces(reader(batch(block, 1, attributes=SNAPPY)))
    assert piece.unreadable == (
        f"batch at offset 0: it has a snappy block of {SNAPPY_BLOCK_BYTES_MAX + 1} bytes"
    )


def test_a_wide_zstd_window_is_read_as_far_as_it_fits() -> None:
    assert [r.oversize for r in wide(ZSTD_WINDOW_BYTES_MAX - 1_000).records] != [None]
    refused = wide(ZSTD_WINDOW_BYTES_MAX + 1_000)
    assert (refused.records, "zstd window" in str(refused.unreadable)) == ([], True)


def wide(value_bytes: int) -> Fetch:
    """What is read of a record packed with a window of 32 MiB and without its size."""
    window = zstandard.ZstdCompressionParameters(window_log=25, write_content_size=False)
    body = plain(bytes(value_bytes))[61:]
    packed = zstandard.ZstdCompressor(compression_params=window).compressobj()
    raw = batch(packed.compress(body) + packed.flush(), 1, attributes=ZSTD)
    [piece] = pieces(reader(raw))
    return piece
