import base64
import zlib

import numpy as np
from attrai_batch.run_stats import RunStats, stats_from_metadata, stats_to_metadata, sum_stats
from attrai_shared.batch_contracts import AlignedSum, ChunkResult, FaceResult, PhotoFailure, PhotoResult

FACE = FaceResult(box=(0, 0, 1, 1), landmarks=((0, 0),) * 5, probability=1)
FOUND = PhotoResult(width=9, height=9, faces=(FACE, FACE))
MISSED = PhotoFailure(code="no_face", message="")


def aligned(value: int, count: int) -> AlignedSum:
    sums = np.full((2, 2, 3), value * count, "<u4")
    return AlignedSum(count=count, size=2, sums=base64.b64encode(zlib.compress(sums.tobytes())).decode())


def chunk(value: int, count: int, seconds: float) -> RunStats:
    stats = RunStats(elapsed=seconds)
    result = ChunkResult(
        run_id="0" * 32, chunk=0, photos=(FOUND, MISSED), seconds={"detect": seconds}, aligned=aligned(value, count)
    )
    stats.add_photos([("a", FOUND), ("b", MISSED)])
    stats.add_work(result)
    return stats


def test_the_statistics_of_parts_add_up() -> None:
    whole = sum_stats([chunk(10, 1, 0.5), RunStats(), chunk(40, 2, 0.25)])
    assert (whole.photos, whole.found, whole.faces, whole.missed) == (4, 2, 4, {"no_face": 2})
    assert (whole.elapsed, whole.seconds) == (0.75, {"detect": 0.75})
    average = whole.average_face()
    assert average is not None
    assert (average.shape, average.min(), average.max()) == ((2, 2, 3), 30, 30)


def test_statistics_survive_as_metadata() -> None:
    for stats in (chunk(10, 3, 0.5), RunStats()):
        read = stats_from_metadata(stats_to_metadata(stats))
        assert stats_to_metadata(read) == stats_to_metadata(stats)
        assert sum_stats([read, read]).photos == 2 * stats.photos
