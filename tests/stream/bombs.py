"""Small batches that unpack to 300 MB; `python -m tests.stream.bombs FILE` reads one.

In a process of its own, which prints as JSON: how many records came, in how many pieces, the
largest piece's bytes, and by how many bytes the process's peak memory rose meanwhile.
"""

import json
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import lz4.frame
import zstandard

from tests.stream.batches import GZIP, LZ4, ZSTD, batch, pieces, plain, reader, record

BOMB_BYTES = 300_000_000
VALUE_BYTES = 5_000
CODECS = {"gzip": GZIP, "lz4": LZ4, "zstd": ZSTD}


def compressor(codec: str) -> Any:
    """Something with compress() and flush()."""
    if codec == "gzip":
        return zlib.compressobj(wbits=31)
    if codec == "zstd":
        return zstandard.ZstdCompressor().compressobj()
    return lz4.frame.LZ4FrameCompressor(block_size=lz4.frame.BLOCKSIZE_MAX4MB)


def parts(shape: str) -> Iterator[bytes]:
    """The body of a batch: one record, or many."""
    if shape == "one":
        yield record(0, BOMB_BYTES)
        yield from (bytes(1_000_000) for _ in range(BOMB_BYTES // 1_000_000))
        yield b"\x00"
        return
    for offset in range(BOMB_BYTES // VALUE_BYTES):
        yield record(offset, VALUE_BYTES) + bytes(VALUE_BYTES + 1)


def bomb(codec: str, shape: str) -> bytes:
    """A batch that unpacks to 300 MB, made without as much memory."""
    made = compressor(codec)
    packed = made.begin() if codec == "lz4" else b""
    packed += b"".join(made.compress(part) for part in parts(shape)) + made.flush()
    count = 1 if shape == "one" else BOMB_BYTES // VALUE_BYTES
    return batch(packed, count, attributes=CODECS[codec])


def peak_bytes() -> int:
    """The most memory that this process ever had; getrusage() would count its parent's, too."""
    lines = Path("/proc/self/status").read_text().splitlines()
    [peak] = [line for line in lines if line.startswith("VmHWM")]
    return int(peak.split()[1]) * 1024


def main(file: str) -> None:
    """Read the bomb piece by piece."""
    log = Path(file).read_bytes()
    # What is loaded and allocated once.
    assert pieces(reader(plain(b"x" * 1_000, codec=log[22] & 0x07)))
    before = peak_bytes()
    part, records, sizes = reader(log), 0, []
    while part:
        [piece] = part.take(1)
        assert piece.unreadable is None
        records += len(piece.records)
        sizes.append(sum(len(one.value or b"") for one in piece.records))
    rise = peak_bytes() - before
    sys.stdout.write(json.dumps([records, len(sizes), max(sizes), rise]))


if __name__ == "__main__":
    main(sys.argv[1])
