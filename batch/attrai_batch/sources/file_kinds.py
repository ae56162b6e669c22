"""What the first bytes of a file say: a zip, a tar, packed data, or a web page. Pure."""

import re
import tarfile
from typing import Literal

ZIP = (b"PK\3\4", b"PK\5\6")
"""The first bytes of a zip, and of one without a member."""
GZIP, BZIP2, XZ = b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0"
"""The first bytes of each kind of packed file."""
START_BYTES = 1024
"""Bytes that `archive_kind` and `is_web_page` need."""
HTML = re.compile(
    rb"(\xef\xbb\xbf)?\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<(!doctype\s+html|html|head|body|script|title|meta)\b",
    re.IGNORECASE | re.DOTALL,
)


def archive_kind(start: bytes) -> Literal["zip", "tar"] | None:
    """The kind of an archive with this start; packed data count as a tar. None for anything else."""
    if start.startswith(ZIP):
        return "zip"
    return "tar" if start.startswith((GZIP, BZIP2, XZ)) or _is_tar_header(start[: tarfile.BLOCKSIZE]) else None


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
