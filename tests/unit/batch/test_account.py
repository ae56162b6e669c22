import base64
import zlib

import numpy as np
from attrai_batch.account import Account, packed, read_account, total
from attrai_shared.batch_contracts import AlignedSum, ChunkResult, FaceResult, PhotoFailure, PhotoResult

FACE = FaceResult(box=(0, 0, 1, 1), landmarks=((0, 0),) * 5, probability=1)
FOUND = PhotoResult(width=9, height=9, faces=(FACE, FACE))
MISSED = PhotoFailure(code="no_face", message="")


def aligned(value: int, count: int) -> AlignedSum:
    sums = np.full((2, 2, 3), value * count, "<u4")
    return AlignedSum(count=count, size=2, sums=base64.b64encode(zlib.compress(sums.tobytes())).decode())


def chunk(value: int, count: int, seconds: float) -> Account:
    account = Account(elapsed=seconds)
    result = ChunkResult(
        run_id="0" * 32, chunk=0, photos=(FOUND, MISSED), seconds={"detect": seconds}, aligned=aligned(value, count)
    )
    account.add_photos([("a", FOUND), ("b", MISSED)])
    account.add_work(result)
    return account


def test_parts_add_up_to_the_whole() -> None:
    whole = total([chunk(10, 1, 0.5), Account(), chunk(40, 2, 0.25)])
    assert (whole.photos, whole.found, whole.faces, whole.missed) == (4, 2, 4, {"no_face": 2})
    assert (whole.elapsed, whole.seconds) == (0.75, {"detect": 0.75})
    average = whole.average_face()
    assert average is not None
    assert (average.shape, average.min(), average.max()) == ((2, 2, 3), 30, 30)


def test_an_account_outlives_its_file() -> None:
    for account in (chunk(10, 3, 0.5), Account()):
        read = read_account(packed(account))
        assert packed(read) == packed(account)
        assert total([read, read]).photos == 2 * account.photos
