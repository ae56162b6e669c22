"""The folder of an unfinished run, `FILE.parquet.parts`: what the run is, and the parts that it has written.

A part holds consecutive chunks, and the parts follow each other without a gap. A resumed run begins after the last one.
"""

import json
import os
import re
import secrets
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from attrai_shared.batch_contracts import FaceOutput, FaceSelection
from attrai_shared.files import atomic_write

from attrai_batch.chunks import RULES
from attrai_batch.errors import RunRefused
from attrai_batch.named_errors import named_errors
from attrai_batch.run_stats import RunStats, stats_from_metadata, stats_to_metadata, sum_stats
from attrai_batch.table import NamedOutcome, merge, read_metadata, write_part

_PART = re.compile(r"(\d{9})\.parquet")


@dataclass(frozen=True, slots=True)
class ComputeOptions:
    """What a run computes. A run can be resumed only with the same options."""

    faces: FaceSelection
    what: tuple[FaceOutput, ...]


@dataclass(frozen=True, slots=True)
class RunRecord:
    """The content of `run.json`: the run's id, what it reads and computes, and the rules that cut the source."""

    run_id: str
    fingerprint: str
    faces: str
    what: tuple[str, ...]
    rules: str


class RunFolder:
    """The folder beside the table `out`. Methods raise OSError if the disk fails."""

    def __init__(self, out: Path) -> None:
        out = out.absolute()  # estimators have another working folder
        self.out = out
        self.path = out.with_name(f"{out.name}.parts")
        self._done = out.with_name(f"{out.name}.done")
        self._record = self.path / "run.json"

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def spool(self) -> Path:
        """The spool of a run without servers."""
        return self.path / "spool"

    @property
    def downloads(self) -> Path:
        return self.path / "download"

    @property
    def is_begun(self) -> bool:
        """Whether there is a run to resume."""
        return self._record.exists()

    def is_complete(self, *, resume: bool) -> bool:
        """Whether the run is complete already. Raises RunRefused if it would overwrite a table or another run."""
        shutil.rmtree(self._done, ignore_errors=True)
        if self.is_begun and not resume:
            raise RunRefused(
                f"{self.path} holds an unfinished run: go on with --resume, or remove that folder to begin again."
            )
        if self.out.exists() and not self.is_begun and not resume:
            raise RunRefused(f"{self.out} is there already: move it away, or name another file with --out.")
        return self.out.exists() and not self.is_begun

    def begin(self, fingerprint: str, options: ComputeOptions) -> str:
        """The id of a new run, or of the run to resume. Raises RunRefused if the source or the options have changed."""
        new = RunRecord(secrets.token_hex(16), fingerprint, options.faces, options.what, RULES)
        if not self._record.exists():
            self.path.mkdir(parents=True, exist_ok=True)
            with named_errors(self._record), atomic_write(self._record, durable=True) as file:
                file.write(json.dumps(asdict(new), indent=1).encode())
            return new.run_id
        old = _read(self._record)
        changes = [sentence for name, sentence in _CHANGES.items() if getattr(old, name) != getattr(new, name)]
        if changes:
            raise RunRefused(f"{' '.join(changes)} Remove {self.path} to begin again.")
        return old.run_id

    def parts(self) -> list[Path]:
        """All parts in order."""
        return sorted(path for path in self.path.iterdir() if _PART.fullmatch(path.name))

    def next_chunk(self) -> int:
        """The number of the first chunk that is in no part."""
        parts = self.parts()
        return int(read_metadata(parts[-1])["next_chunk"]) if parts else 0

    def add_part(self, first: int, after: int, photos: Sequence[NamedOutcome], stats: RunStats) -> None:
        """Write the chunks from `first` up to, not including, `after`. The part appears whole or not at all."""
        metadata = {**stats_to_metadata(stats), "next_chunk": str(after)}
        write_part(self.path / f"{first:09d}.parquet", photos, metadata)
        _sync(self.path)

    def stats(self) -> RunStats:
        """The statistics of all parts together."""
        return sum_stats(stats_from_metadata(read_metadata(part)) for part in self.parts())

    def finish(self) -> RunStats:
        """Merge all parts into the table, then remove the folder. After a kill in between, it can be called again."""
        whole = self.stats()
        record = {name: json.dumps(value) for name, value in asdict(_read(self._record)).items()}
        merge(self.parts(), self.out, {**stats_to_metadata(whole), **record})
        _sync(self.out.parent)
        self.path.rename(self._done)
        shutil.rmtree(self._done)
        return whole


_CHANGES = {
    "fingerprint": "The source is not the one that the unfinished run reads, or has changed since.",
    "faces": "The unfinished run has another --faces.",
    "what": "The unfinished run has another --what.",
    "rules": "The unfinished run was begun by a version that cuts a source otherwise.",
}


def _read(path: Path) -> RunRecord:
    try:
        fields = json.loads(path.read_bytes())
        return RunRecord(**{**fields, "what": tuple(fields["what"])})
    except (ValueError, TypeError, KeyError) as error:
        raise RunRefused(f"{path} cannot be read: remove {path.parent} to begin again.") from error


def _sync(folder: Path) -> None:
    """Flush the folder to the disk, so that a new name in it survives a power failure."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
