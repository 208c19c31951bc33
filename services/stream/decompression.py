"""Unpacking of record batches as streams: a little memory, whatever a batch unpacks to.

Kafka's codecs: kafka.apache.org, "Compression". A library that is missing, and bytes that are not
of their codec, make the batch unreadable; what a library raises does not leave this module.
"""

import zlib
from collections.abc import Callable, Iterator

NONE, GZIP, SNAPPY, LZ4, ZSTD = range(5)
CHUNK_BYTES = 256 * 1024
# What is handed to a library at once: it copies what it leaves over.
INPUT_BYTES = 64 * 1024
# A snappy block can only be unpacked whole.
SNAPPY_BLOCK_BYTES_MAX = 16 * 1024 * 1024
# A zstd frame needs its window in memory; the levels up to 19 take no more. A frame that wants more
# is unpacked as far as it fits into so much.
ZSTD_WINDOW_BYTES_MAX = 8 * 1024 * 1024
XERIAL_MAGIC = b"\x82SNAPPY\x00"
XERIAL_HEADER_BYTES = 16
LENGTH_BYTES = 4


class UnreadableError(Exception):
    """A batch cannot be read; str() says why."""


def unpacked(codec: int, body: memoryview) -> Iterator[bytes]:
    """What a batch's body holds, in chunks of at most 2 * CHUNK_BYTES; UnreadableError."""
    unpack = UNPACKERS.get(codec)
    if unpack is None:
        raise UnreadableError(f"codec {codec} is unknown")
    try:
        yield from _regrouped(unpack(body))
    except UnreadableError:
        raise
    except ImportError as error:
        raise UnreadableError(f"{error.name} is not installed") from error
    except Exception as error:  # each library has exceptions of its own
        raise UnreadableError(f"it does not unpack: {error}") from error


def _regrouped(pieces: Iterator[memoryview | bytes]) -> Iterator[bytes]:
    """The same bytes in chunks of a useful size."""
    held = bytearray()
    for piece in pieces:
        for start in range(0, len(piece), CHUNK_BYTES):
            held += piece[start : start + CHUNK_BYTES]
            if len(held) >= CHUNK_BYTES:
                yield bytes(held)
                held.clear()
    yield bytes(held)


def _portions(body: memoryview) -> Iterator[memoryview]:
    return (body[start : start + INPUT_BYTES] for start in range(0, len(body), INPUT_BYTES))


def _as_it_is(body: memoryview) -> Iterator[memoryview]:
    yield body


def _gzip(body: memoryview) -> Iterator[bytes]:
    unpacker = zlib.decompressobj(wbits=31)
    for portion in _portions(body):
        rest: memoryview | bytes = portion
        while rest:
            if unpacker.eof:
                unpacker = zlib.decompressobj(wbits=31)
            yield unpacker.decompress(rest, CHUNK_BYTES)
            rest = unpacker.unconsumed_tail or unpacker.unused_data
    while not unpacker.eof and (chunk := unpacker.decompress(b"", CHUNK_BYTES)):
        yield chunk
    if not unpacker.eof:
        raise UnreadableError("it does not unpack: its gzip stream is cut short")


def _lz4(body: memoryview) -> Iterator[bytes]:
    from lz4.frame import LZ4FrameDecompressor

    unpacker = LZ4FrameDecompressor()
    for portion in _portions(body):
        if unpacker.eof:
            return
        yield unpacker.decompress(portion, CHUNK_BYTES)
        while not (unpacker.needs_input or unpacker.eof):
            yield unpacker.decompress(b"", CHUNK_BYTES)
    if not unpacker.eof:
        raise UnreadableError("it does not unpack: its lz4 frame is cut short")


def _zstd(body: memoryview) -> Iterator[bytes]:
    import zstandard

    window_bytes = zstandard.get_frame_parameters(body).window_size
    left_bytes = ZSTD_WINDOW_BYTES_MAX if window_bytes > ZSTD_WINDOW_BYTES_MAX else None
    unpacker = zstandard.ZstdDecompressor(max_window_size=max(window_bytes, ZSTD_WINDOW_BYTES_MAX))
    with unpacker.stream_reader(body, read_size=INPUT_BYTES, read_across_frames=True) as reader:
        while chunk := reader.read(CHUNK_BYTES):
            if left_bytes is not None and (left_bytes := left_bytes - len(chunk)) < 0:
                raise UnreadableError(f"it needs a zstd window of {window_bytes} bytes")
            yield chunk


def _snappy(body: memoryview) -> Iterator[bytes]:
    import snappy

    for block in _snappy_blocks(body):
        size = _declared_bytes(block)
        if size > SNAPPY_BLOCK_BYTES_MAX:
            raise UnreadableError(f"it has a snappy block of {size} bytes")
        yield snappy.decompress(bytes(block))


def _snappy_blocks(body: memoryview) -> Iterator[memoryview]:
    """The blocks within xerial's frame, as Java writes it; or the one of a body without frame."""
    if body[: len(XERIAL_MAGIC)] != XERIAL_MAGIC:
        yield body
        return
    position = XERIAL_HEADER_BYTES
    while position < len(body):
        start = position + LENGTH_BYTES
        position = start + int.from_bytes(body[position:start], "big")
        if position > len(body):
            raise UnreadableError("it does not unpack: its snappy frame is cut short")
        yield body[start:position]


def _declared_bytes(block: memoryview) -> int:
    """The size that a snappy block unpacks to: a varint at its begin."""
    size = 0
    for index, byte in enumerate(block[:5]):
        size |= (byte & 0x7F) << 7 * index
        if byte < 0x80:
            return size
    raise UnreadableError("it does not unpack: a snappy block has no length")


Unpacker = Callable[[memoryview], Iterator[memoryview | bytes]]
UNPACKERS: dict[int, Unpacker] = {
    NONE: _as_it_is,
    GZIP: _gzip,
    SNAPPY: _snappy,
    LZ4: _lz4,
    ZSTD: _zstd,
}
