"""Photos that kill, hang or are slow cost a run nothing but themselves. On the embedded Valkey, with real estimators."""

import io
import os
import sys
from pathlib import Path

from attrai_batch.run import RunOptions, run_batch
from attrai_batch.run_folder import ComputeOptions
from attrai_batch.sources.download import DownloadRules
from rich.console import Console

from tests.flow import faulty_batch_estimator as faulty
from tests.flow.batches import make_photos, rows

FAULTY = Path(__file__).parent / "faulty_batch_estimator.py"
MARKS = {"a/002.jpg": faulty.POISON, "b/003.jpg": faulty.HANG, "b/009.jpg": faulty.SLEEP}


def test_each_gets_its_reason_and_no_other_photo_is_harmed(tmp_path: Path) -> None:
    source = make_photos(tmp_path / "source", 16, padding=0)
    for name, mark in MARKS.items():
        (source / name).write_bytes((source / name).read_bytes() + mark)
    limits = {"ATTRAI_SOFT_LIMIT": "4", "ATTRAI_HARD_LIMIT": "6"}
    options = RunOptions(
        source=str(source),
        out=tmp_path / "out.parquet",
        compute=ComputeOptions("all", ("embedding", "quality")),
        resume=False,
        workers=2,
        rules=DownloadRules(),
        command=(sys.executable, str(FAULTY)),
    )
    run_batch(Console(file=io.StringIO()), {**os.environ, **limits}, options)
    codes = {row["photo"]: row["error_code"] for row in rows(options.out)}
    assert len(codes) == len(rows(options.out)) == 16
    missed = {photo: code for photo, code in codes.items() if code is not None}
    assert missed == {
        "a/002.jpg": "given_up",
        "b/003.jpg": "given_up",
        "b/009.jpg": "timed_out",
        "a/004.jpg": "no_face",
        "b/007.jpg": "unreadable",
    }
