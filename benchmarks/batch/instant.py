"""File names without files, and a queue that answers each chunk at once: only the run itself is measured."""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from attrai_batch.chunk_queue import ChunkQueue
from attrai_batch.job import BatchEnvironment, BatchJob, Show
from attrai_batch.run import process_chunks
from attrai_batch.run_folder import ComputeOptions, RunFolder
from attrai_batch.sources.entries import Entry, FileEntry, PassedOver
from attrai_shared.batch_contracts import (
    EMBEDDING_SIZE,
    ChunkResult,
    FaceResult,
    PhotoResult,
    ToEmbed,
    encode_embedding,
)
from attrai_shared.spool import Spool

NO_BROKER_URL = "redis+socket:///nowhere"
PHOTO_BYTES = 10_000
"""The size of each photo in the listing."""
FACE_RESULT = FaceResult(
    box=(71.5, 66.25, 178.5, 214.75),
    landmarks=((98.0, 121.0), (151.0, 120.0), (125.0, 150.0), (103.0, 177.0), (147.0, 176.0)),
    probability=0.999,
    embedding=encode_embedding([number / EMBEDDING_SIZE for number in range(EMBEDDING_SIZE)]),
)
PHOTO_RESULT = PhotoResult(width=250, height=250, faces=(FACE_RESULT,))


class Names:
    """`count` photos in folders of a thousand; no file exists."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.passed_over = PassedOver()
        self.folder = Path("/nowhere")
        self.fingerprint = hashlib.sha256(str(count).encode()).hexdigest()

    def expected(self) -> int:
        return self.count

    def entries(self) -> Iterator[Entry]:
        return (
            FileEntry(f"person-{number // 1000:05d}/photo-{number:09d}.jpg", PHOTO_BYTES)
            for number in range(self.count)
        )


class InstantQueue(ChunkQueue):
    """Writes a result to the spool for each submitted chunk: a face on each photo."""

    def __init__(self, spool: Spool) -> None:
        super().__init__(NO_BROKER_URL, declare_queues=False)
        self._spool = spool

    def submit(self, message: ToEmbed) -> bool:
        """Answer the chunk at once."""
        photos = (PHOTO_RESULT,) * message.photos.count
        self._spool.write_result(ChunkResult(run_id=message.run_id, chunk=message.chunk, photos=photos, seconds={}))
        return True

    def depth(self) -> int:
        """Always 0."""
        return 0


def ignore(photos: int, missed: Mapping[str, int]) -> None:
    """Show no progress."""


def run(count: int, place: Path, window: int = 16, show: Show = ignore) -> Path:
    """Run over `count` names; returns the table."""
    source, folder, spool = Names(count), RunFolder(place / "out.parquet"), place / "spool"
    options = ComputeOptions("all", ("embedding",))
    run_id = folder.begin(source.fingerprint, options)
    environment = BatchEnvironment(NO_BROKER_URL, source.folder, spool, window, declare_queues=False)
    job = BatchJob(run_id, source, options, folder, environment, "", show, lambda: None)
    process_chunks(job, InstantQueue(Spool(spool)))
    folder.finish()
    return folder.out
