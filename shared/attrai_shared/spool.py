"""The spool: a folder that a batch and its estimators share for the chunks in flight.

Names derive from run and chunk alone.

A chunk's files in the run's folder: `NUMBER.photos` (members of an archive, one after another), `NUMBER.marks` (which
photos were begun and ended), `NUMBER.result` (the ChunkResult, written last).
"""

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from attrai_shared.batch_contracts import ChunkResult, read_chunk_result
from attrai_shared.errors import RefusedMessage, RefusedName, StoreUnavailable
from attrai_shared.files import atomic_write

_RUN_ID = re.compile(r"[0-9a-f]{32}")
_RESULT = re.compile(r"(\d{9})\.result")
KINDS = ("photos", "marks", "result")


class Spool:
    """Makes every path from a checked run id and a number. Methods raise StoreUnavailable when the disk refuses."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def open_run(self, run_id: str) -> None:
        """Creates the run's folder, or keeps the one of an interrupted run with its results and marks."""
        with _translated():
            self._folder(run_id).mkdir(mode=0o700, parents=True, exist_ok=True)

    def close_run(self, run_id: str) -> None:
        """Removes the run's folder and everything in it."""
        with _translated(), suppress(FileNotFoundError):
            for path in self._folder(run_id).iterdir():
                path.unlink(missing_ok=True)
            self._folder(run_id).rmdir()

    def is_open(self, run_id: str) -> bool:
        """Whether the run is still active."""
        with _translated():
            return self._folder(run_id).is_dir()

    def write_photos(self, run_id: str, chunk: int, photos: Sequence[bytes]) -> None:
        with _translated(), atomic_write(self._path(run_id, chunk, "photos"), concurrent=True) as file:
            file.writelines(photos)

    def has_photos(self, run_id: str, chunk: int) -> bool:
        """Whether the chunk's photos exist: from before it is submitted until its result is in a part."""
        with _translated():
            return self._path(run_id, chunk, "photos").exists()

    def read_photos(self, run_id: str, chunk: int, sizes: Sequence[int]) -> Iterator[bytes]:
        """Each photo's bytes in order; fewer than its size if the file was truncated."""
        with _translated(), self._path(run_id, chunk, "photos").open("rb") as file:
            for size in sizes:
                yield file.read(size)

    def write_result(self, result: ChunkResult) -> None:
        """Marks a chunk as done. The result is on the disk when this returns."""
        path = self._path(result.run_id, result.chunk, "result")
        with _translated(), atomic_write(path, durable=True, concurrent=True) as file:
            file.write(result.model_dump_json(exclude_none=True).encode())

    def has_result(self, run_id: str, chunk: int) -> bool:
        with _translated():
            return self._path(run_id, chunk, "result").exists()

    def read_result(self, run_id: str, chunk: int) -> ChunkResult | None:
        """The chunk's result; None if it is missing, truncated by a power failure or of another version."""
        with _translated(), suppress(FileNotFoundError, RefusedMessage):
            return read_chunk_result(self._path(run_id, chunk, "result").read_bytes())
        return None

    def results(self, run_id: str) -> set[int]:
        """The numbers of chunks that have a result."""
        with _translated(), os.scandir(self._folder(run_id)) as entries:
            return {int(match[1]) for entry in entries if (match := _RESULT.fullmatch(entry.name))}

    def mark(self, run_id: str, chunk: int, line: str) -> None:
        """Adds a line to the chunk's marks. A killed process leaves all lines that it added."""
        with _translated():
            descriptor = os.open(self._path(run_id, chunk, "marks"), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                os.write(descriptor, f"{line}\n".encode())
            finally:
                os.close(descriptor)

    def marks(self, run_id: str, chunk: int) -> list[str]:
        """The lines of the chunk's marks; none if work on it has not begun."""
        with _translated(), suppress(FileNotFoundError):
            return self._path(run_id, chunk, "marks").read_text().split()
        return []

    def last_sign(self, run_id: str, chunk: int) -> float | None:
        """When work on the chunk last wrote a mark, in seconds since 1970; None if work has not begun."""
        with _translated(), suppress(FileNotFoundError):
            return self._path(run_id, chunk, "marks").stat().st_mtime
        return None

    def delete_result(self, run_id: str, chunk: int) -> None:
        """Makes the chunk be worked on again."""
        with _translated():
            self._path(run_id, chunk, "result").unlink(missing_ok=True)

    def delete(self, run_id: str, chunk: int) -> None:
        """Removes the chunk's files."""
        with _translated():
            for kind in KINDS:
                self._path(run_id, chunk, kind).unlink(missing_ok=True)

    def _folder(self, run_id: str) -> Path:
        if not _RUN_ID.fullmatch(run_id):
            raise RefusedName("a run id is 32 hexadecimal digits")
        return self._root / run_id

    def _path(self, run_id: str, chunk: int, kind: str) -> Path:
        return self._folder(run_id) / f"{chunk:09d}.{kind}"


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreUnavailable(f"the spool: {error.strerror or type(error).__name__}") from error
