"""Files whose headers promise more pixels than any machine has memory for."""

import struct
import zlib


def png_bomb(side: int) -> bytes:
    """A real, complete PNG of side x side black pixels of one bit; 30,000 make 110 kB that would fill 2.7 GB as RGB."""
    deflate = zlib.compressobj(9)
    row = bytes(1 + (side + 7) // 8)
    rows = b"".join(deflate.compress(row) for _ in range(side)) + deflate.flush()
    return _png(side, side, depth=1, colour=0, data=rows)


def png_header(width: int, height: int) -> bytes:
    """A PNG with a header and no rows."""
    return _png(width, height, depth=8, colour=2, data=zlib.compress(b""))


def jpeg_header(jpeg: bytes, width: int, height: int) -> bytes:
    """The JPEG with another size written into its frame header (SOF0, SOF1 or SOF2)."""
    at = min(found for mark in (b"\xff\xc0", b"\xff\xc1", b"\xff\xc2") if (found := jpeg.find(mark)) > 0)
    return jpeg[: at + 5] + struct.pack(">HH", height, width) + jpeg[at + 9 :]


def gif_header(gif: bytes, width: int, height: int) -> bytes:
    """The GIF with another logical screen."""
    return gif[:6] + struct.pack("<HH", width, height) + gif[10:]


def webp_header(animated: bytes, side: int) -> bytes:
    """The animated WebP with another canvas (VP8X, where each side is stored less one in three bytes)."""
    return animated[:24] + (side - 1).to_bytes(3, "little") * 2 + animated[30:]


def _png(width: int, height: int, *, depth: int, colour: int, data: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", data), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, content) for name, content in chunks)


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
