"""Files that appear under their names whole, or not at all."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO

PARTIAL_SUFFIX = ".partial"


@contextmanager
def atomic_write(
    path: Path, *, durable: bool = False, concurrent: bool = False, mode: int = 0o666
) -> Iterator[BinaryIO]:
    """A new file that takes the name `path` when the block ends without an error, and is removed otherwise.

    `durable`: the content is on the disk before the file gets its name. `concurrent`: several processes may write
    `path` at once, so the partial file has a random name; otherwise it replaces one that a killed process left. `mode`:
    permissions, less the umask.
    """
    random = f".{secrets.token_hex(4)}" if concurrent else ""
    part = path.with_name(f"{path.name}{random}{PARTIAL_SUFFIX}")
    part.unlink(missing_ok=True)
    try:
        with open(part, "xb", opener=partial(os.open, mode=mode)) as file:  # Path.open takes no opener
            yield file
            if durable:
                file.flush()
                os.fsync(file.fileno())
        part.replace(path)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
