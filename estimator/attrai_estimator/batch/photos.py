"""The edge to a chunk's photos: files below the read-only root, or archive members in the spool."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

from attrai_shared.batch_contracts import SourceFiles, ToEmbed
from attrai_shared.errors import RefusedName, TooManyBytes, Unreadable
from attrai_shared.spool import Spool

from attrai_estimator.values import MAX_FILE_BYTES

PhotoReader = Callable[[], bytes]
"""Reads one photo when called. Raises PhotoError or RefusedName."""


def photo_readers(message: ToEmbed, root: Path, spool: Spool) -> list[PhotoReader]:
    """A reader for each photo of the chunk, in order. Raises StoreUnavailable for an unreadable spool."""
    if isinstance(message.photos, SourceFiles):
        return [_from_source(root, name) for name in message.photos.names]
    members = spool.read_photos(message.run_id, message.chunk, message.photos.sizes)
    return [_from_spool(data, size) for data, size in zip(members, message.photos.sizes, strict=True)]


def read_below(root: Path, name: str) -> bytes:
    """A regular file's bytes. Raises RefusedName where the name leads out of the root, Unreadable, TooManyBytes."""
    try:
        path = (root / name).resolve(strict=True)
        if not path.is_relative_to(root.resolve(strict=True)):
            raise RefusedName("the name leads out of the data set's root")
        # Non-blocking: a pipe without a writer would block the worker for ever.
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW), "rb") as file:  # noqa: PTH123  # a descriptor's
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise Unreadable("it is no regular file")
            data = file.read(MAX_FILE_BYTES + 1)
    except (OSError, RuntimeError) as error:  # RuntimeError: a circle of links
        reason = error.strerror if isinstance(error, OSError) else "a circle of links"
        raise Unreadable(f"the file cannot be opened: {reason}") from error
    if len(data) > MAX_FILE_BYTES:
        raise TooManyBytes(f"the file has over {MAX_FILE_BYTES // 1_000_000} MB")
    return data


def _from_source(root: Path, name: str) -> PhotoReader:
    return lambda: read_below(root, name)


def _from_spool(data: bytes, size: int) -> PhotoReader:
    def read() -> bytes:
        if len(data) != size:
            raise Unreadable("the spool has less of the photo than the message says")
        return data

    return read
