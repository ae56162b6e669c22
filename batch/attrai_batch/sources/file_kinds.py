"""What the first bytes of a file say: a photo, a zip, a tar, packed data, or a web page. Pure."""

import re
import tarfile
from typing import Literal

ZIP = (b"PK\3\4", b"PK\5\6")
"""The first bytes of a zip, and of one without a member."""
GZIP, BZIP2, XZ = b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0"
"""The first bytes of each kind of packed file."""
START_BYTES = 1024
"""Bytes that the functions of this module need."""
PHOTO_STARTS = (
    (b"\xff\xd8\xff", ".jpg"),
    (b"\x89PNG\r\n\x1a\n", ".png"),
    (b"GIF87a", ".gif"),
    (b"GIF89a", ".gif"),
    (b"II*\0", ".tif"),
    (b"MM\0*", ".tif"),
    (b"\0\0\0\x0cjP  ", ".jp2"),
    (b"\0\0\0\x0cJXL ", ".jxl"),
)
SUFFIX_BY_HEIF_BRAND = {b"avif": ".avif", b"avis": ".avif"} | dict.fromkeys(
    (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"), ".heic"
)
"""Main brands of ISO 23008-12 and of AVIF, with the suffix of each."""
BITMAP_HEADER_SIZES = (12, 40, 52, 56, 64, 108, 124)
"""Of the second header of a BMP, whose first header has two bytes of signature alone."""
HTML = re.compile(
    rb"(\xef\xbb\xbf)?\s*(<\?xml[^>]*>\s*)?((?><!--.*?-->)\s*)*<(!doctype\s+html|html|head|body|script|title|meta)\b",
    re.IGNORECASE | re.DOTALL,
)
"""A comment is an atomic group: a file of comments alone would otherwise take exponential time."""


def archive_kind(start: bytes) -> Literal["zip", "tar"] | None:
    """The kind of an archive with this start; packed data count as a tar. None for anything else."""
    if start.startswith(ZIP):
        return "zip"
    return "tar" if start.startswith((GZIP, BZIP2, XZ)) or _is_tar_header(start[: tarfile.BLOCKSIZE]) else None


def photo_suffix(start: bytes) -> str | None:
    """The suffix of a photo with this start; None if it is no photo."""
    if start.startswith(b"RIFF") and start[8:12] == b"WEBP":
        return ".webp"
    if start[4:8] == b"ftyp":
        return SUFFIX_BY_HEIF_BRAND.get(start[8:12])
    if start.startswith(b"BM") and int.from_bytes(start[14:18], "little") in BITMAP_HEADER_SIZES:
        return ".bmp"
    return next((suffix for signature, suffix in PHOTO_STARTS if start.startswith(signature)), None)


def is_web_page(start: bytes) -> bool:
    """Whether a file begins as HTML does, behind a byte order mark, an XML declaration or comments."""
    return HTML.match(start) is not None


def _is_tar_header(block: bytes) -> bool:
    """Whether the checksum fits: tars of 1979 have no other sign."""
    try:
        tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except (tarfile.HeaderError, ValueError):
        return block[257:262] == b"ustar"
    return True
