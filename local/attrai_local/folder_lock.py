"""The lock of a state folder: one run at a time."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from attrai_local.errors import InUseError, UsageError


@contextmanager
def locked(state: Path | None) -> Iterator[list[int]]:
    """Creates the folder if needed and locks it. Yields descriptors that keep the lock; the watchdog holds them too.

    Raises UsageError for a folder that cannot be made, InUseError when another run holds it.
    """
    if state is None:
        yield []
        return
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(state / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise UsageError(f"The state folder {state} cannot be used: {error.strerror}.") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield [descriptor]
    except BlockingIOError:
        raise InUseError(f"Another run uses the state folder {state}; end it, or choose another folder.") from None
    finally:
        os.close(descriptor)
