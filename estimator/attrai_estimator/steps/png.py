"""Part of decoding: drops the chunks of a PNG that its pixels do not need, sound or damaged."""

import re
import struct
import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"
ENVELOPE_SIZE = 12
"""Bytes of a chunk besides its body: length (4), kind (4), checksum (4)."""
COLOUR_TYPE_AT = 25
"""The position of IHDR's colour type: 0 is grey, 2 is RGB."""
TRANSPARENCY_SIZES = {b"\0": 2, b"\2": 6}
"""Bytes that tRNS needs at least, by colour type."""
EXIF_IN_TEXT = b"Raw profile type exif\0"
"""The keyword under which ImageMagick writes EXIF into a text chunk."""
MAX_UNPACKED_BYTES = 1 << 20
"""Pillow refuses a PNG if a packed chunk unpacks to more."""
USED_KIND = re.compile(rb"PLTE|tRNS|iCCP|eXIf|IDAT|IEND")
LETTERS = re.compile(rb"[A-Za-z]{4}")


def without_metadata(data: bytes) -> bytes:
    """Keep critical chunks as they are, and sound ancillary chunks that change pixels or their orientation.

    Animation is dropped too: the default image is left. A false length is passed by searching for the next used chunk.
    """
    kept, at = [data[: len(SIGNATURE)]], len(SIGNATURE)
    while at + ENVELOPE_SIZE <= len(data):
        (size,) = struct.unpack_from(">I", data, at)
        kind, end = data[at + 4 : at + 8], at + ENVELOPE_SIZE + size
        if _is_critical(kind):
            kept.append(data[at:end])
        elif not _ends_a_chunk(data, end):
            end = _next_used(data, at + 8)
        elif _is_used(kind, data[at + 8 : end - 4], data[COLOUR_TYPE_AT : COLOUR_TYPE_AT + 1]) and _has_its_checksum(
            data[at:end]
        ):
            kept.append(data[at:end])
        if kind == b"IEND":
            break
        at = end
    else:
        kept.append(data[at:])
    return b"".join(kept)


def _is_critical(kind: bytes) -> bool:
    return kind[:1].isupper()


def _ends_a_chunk(data: bytes, end: int) -> bool:
    """Another chunk, or the file's end, follows."""
    return end == len(data) or LETTERS.fullmatch(data, end + 4, end + 8) is not None


def _next_used(data: bytes, start: int) -> int:
    """The position of the next chunk of a used kind; the file's end if there is none."""
    found = USED_KIND.search(data, start + 4)
    return found.start() - 4 if found else len(data)


def _has_its_checksum(chunk: bytes) -> bool:
    return zlib.crc32(chunk[4:-4]) == int.from_bytes(chunk[-4:], "big")


def _is_used(kind: bytes, body: bytes, colour_type: bytes) -> bool:
    """The chunk changes pixels or their orientation, and Pillow will read it."""
    if kind == b"tRNS":
        return len(body) >= TRANSPARENCY_SIZES.get(colour_type, 0)
    if kind == b"iCCP":
        return _unpacks(body)
    if kind == b"zTXt":
        return body.startswith(EXIF_IN_TEXT) and _unpacks(body)
    return kind == b"eXIf" or (kind == b"tEXt" and body.startswith(EXIF_IN_TEXT))


def _unpacks(body: bytes) -> bool:
    """A name, a zero, method 0, and deflated bytes that unpack to `MAX_UNPACKED_BYTES` at most."""
    _, _, rest = body.partition(b"\0")
    if rest[:1] != b"\0":
        return False
    stream = zlib.decompressobj()
    try:
        stream.decompress(rest[1:], MAX_UNPACKED_BYTES)
    except zlib.error:
        return False
    return stream.eof
