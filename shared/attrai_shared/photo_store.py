"""The photo store: a folder that bot and estimators share. Names derive from request ids alone, writes are atomic.

A request's files: `ID.source` (the photo as sent), `ID.picture` (annotated), `ID.outcome` (a StoredOutcome, written
last).
"""

import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

from attrai_shared.errors import RefusedName, StoreUnavailable
from attrai_shared.files import atomic_write

_REQUEST_ID = re.compile(r"[0-9a-f]{32}")


class Part(StrEnum):
    """The kinds of files of one request."""

    SOURCE = "source"
    PICTURE = "picture"
    OUTCOME = "outcome"


def new_request_id() -> str:
    """128 random bits as 32 hexadecimal digits."""
    return secrets.token_hex(16)


class PhotoStore:
    """Makes every path from a checked request id and a Part, never from a path in a message.

    Methods raise StoreUnavailable when the disk refuses (full, gone, read-only).
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    @contextmanager
    def writing(self, request_id: str, part: Part) -> Iterator[BinaryIO]:
        """A file to write, which appears when the block ends without an error."""
        try:
            with atomic_write(self._path(request_id, part), concurrent=True) as file:
                yield file
        except OSError as error:
            raise _unavailable(error) from error

    def write(self, request_id: str, part: Part, data: bytes) -> None:
        with self.writing(request_id, part) as file:
            file.write(data)

    def read(self, request_id: str, part: Part) -> bytes | None:
        """The file's bytes, or None if there is no file."""
        try:
            return self._path(request_id, part).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _unavailable(error) from error

    def delete(self, request_id: str, *parts: Part) -> None:
        """Removes the given parts; without parts, all files of the request, partial ones included."""
        try:
            for path in [self._path(request_id, part) for part in parts] or self._root.glob(
                f"{_checked(request_id)}.*"
            ):
                path.unlink(missing_ok=True)
        except OSError as error:
            raise _unavailable(error) from error

    def orphans(self, older_than: float) -> set[str]:
        """Ids of requests whose newest file is older than `older_than` seconds."""
        latest: dict[str, float] = {}
        for request_id, modified in self._entries():
            latest[request_id] = max(modified, latest.get(request_id, 0.0))
        return {request_id for request_id, modified in latest.items() if modified < time.time() - older_than}

    def _entries(self) -> Iterator[tuple[str, float]]:
        try:
            with os.scandir(self._root) as entries:
                for entry in entries:
                    request_id = entry.name.partition(".")[0]
                    if _REQUEST_ID.fullmatch(request_id) and (modified := _modified(entry)) is not None:
                        yield request_id, modified
        except OSError as error:
            raise _unavailable(error) from error

    def _path(self, request_id: str, part: Part) -> Path:
        return self._root / f"{_checked(request_id)}.{part}"


def _checked(request_id: str) -> str:
    if not _REQUEST_ID.fullmatch(request_id):
        raise RefusedName("a request id is 32 hexadecimal digits")
    return request_id


def _modified(entry: os.DirEntry[str]) -> float | None:
    try:
        return entry.stat(follow_symlinks=False).st_mtime
    except FileNotFoundError:
        return None


def _unavailable(error: OSError) -> StoreUnavailable:
    return StoreUnavailable(f"the photo store: {error.strerror or type(error).__name__}")
