"""What the steps of a run are given: the source, what to compute, where to write, and where the estimators are."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from attrai_batch.errors import RunRefused
from attrai_batch.run_folder import ComputeOptions, RunFolder
from attrai_batch.sources.entries import PhotoSource

Show = Callable[[int, Mapping[str, int]], None]
"""Shows progress: the number of photos done, and how many of them failed by error code."""
Check = Callable[[], None]
"""Raises an error if the estimators have ended for good."""


@dataclass(frozen=True, slots=True)
class BatchEnvironment:
    """The broker, the folder that the estimators read, their spool, and how many chunks may be in flight."""

    broker_url: str
    root: Path
    spool: Path
    window: int
    declare_queues: bool

    def prefix_of(self, folder: Path | None) -> str:
        """The path from the estimators' root to the source's folder: "" or "a/b/"; "" for an archive.

        Raises RunRefused if the folder is not below the root.
        """
        if folder is None:
            return ""
        try:
            below = folder.relative_to(self.root.resolve()).as_posix()
        except ValueError:
            raise RunRefused(
                f"{folder} does not lie below {self.root} (ATTRAI_BATCH_ROOT), where the estimators read."
            ) from None
        return "" if below == "." else f"{below}/"


@dataclass(frozen=True, slots=True)
class BatchJob:
    """One run. `prefix` leads from the estimators' root to the source's folder."""

    run_id: str
    source: PhotoSource
    options: ComputeOptions
    folder: RunFolder
    environment: BatchEnvironment
    prefix: str
    show: Show
    check: Check
