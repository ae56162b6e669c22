"""Undoes a content encoding that a server puts around a file although it was asked for none."""

import gzip
from pathlib import Path

from attrai_batch.errors import SourceError
from attrai_batch.sources.decompression import DECOMPRESSION_ERRORS
from attrai_batch.sources.file_kinds import BZIP2, GZIP, XZ, ZIP

COPIED_BYTES = 1 << 20
"""Bytes that are unpacked at a time."""


def remove_gzip(part: Path, url: str, most_bytes: int, *, always: bool) -> bool:
    """Replace a file in gzip by its content; False if it is not one. Without `always`, a packed tar stays as it is.

    Raises SourceError, which names `url`, if the content is damaged or has over `most_bytes`; OSError.
    """
    unpacked = part.with_name(f"{part.name}.unpacked")
    if not _is_gzip(part, always=always):
        return False
    try:
        _unpack(part, unpacked, url, most_bytes)
        unpacked.replace(part)
    except SourceError:
        part.unlink(missing_ok=True)
        raise
    finally:
        unpacked.unlink(missing_ok=True)
    return True


def _is_gzip(part: Path, *, always: bool) -> bool:
    with part.open("rb") as file:
        if file.read(len(GZIP)) != GZIP:
            return False
        file.seek(0)
        try:
            start = gzip.GzipFile(fileobj=file).read(len(XZ))
        except DECOMPRESSION_ERRORS:
            return False
    return always or start.startswith((*ZIP, GZIP, BZIP2, XZ))


def _unpack(part: Path, to: Path, url: str, most_bytes: int) -> None:
    size = 0
    with gzip.open(part) as packed, to.open("wb") as file:
        while piece := _read(packed, url):
            size += len(piece)
            if size > most_bytes:
                raise SourceError(f"{url} has over {most_bytes} bytes")
            file.write(piece)


def _read(packed: gzip.GzipFile, url: str) -> bytes:
    try:
        return packed.read(COPIED_BYTES)
    except DECOMPRESSION_ERRORS as error:
        raise SourceError(f"{url} is damaged or ends early: {error}; run it again to download it again") from error
