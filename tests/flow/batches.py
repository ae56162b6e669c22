"""Data sets and runs for the batch's flow tests: photos with a face each, processes that can be killed, rows to compare."""

import hashlib
import io
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import pyarrow.parquet as pq
from attrai_batch.run_folder import RunFolder
from PIL import Image, ImageEnhance

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "playground/attrai_playground/sample/astronauts.jpg"
PADDING = 340_000
"""Bytes behind the picture, which readers ignore. A photo of this size counts as 0.4 s, so that a chunk holds two."""
CHUNK_PHOTOS = 2
THAT_KILLS, KILLED_WHILE_WRITING = "tests.flow.batch_that_kills", "tests.flow.batch_killed_while_writing"
"""`attrai-batch` with kills; see these modules."""
TIMEOUT_S = 240.0
"""Seconds that one step may take, also on a busy machine."""
SHADES = 60
FACE = (0.36, 0.0, 0.62, 0.5)
"""The part of the sample with one whole face, as fractions of its sides."""

Row = dict[str, object]


def make_photos(folder: Path, count: int, padding: int = PADDING) -> Path:
    """Makes `count` photos in two folders. The first `SHADES` differ; every tenth is unreadable, and one has no face."""
    with Image.open(SAMPLE) as image:
        image.load()
        sides = [side * (image.width, image.height)[at % 2] for at, side in enumerate(FACE)]
        face = image.crop(tuple(map(int, sides))).resize((200, 200))
    for number in range(count):
        place = folder / "ab"[number % 2] / f"{number:03d}.jpg"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(_photo(face, number) + bytes(padding))
    return folder


def _photo(face: Image.Image, number: int) -> bytes:
    if number % 10 == 7:
        return b"this is no picture"
    picture = (
        Image.new("RGB", (100, 100))
        if number == 4
        else ImageEnhance.Brightness(face).enhance(0.7 + number % SHADES / 100)
    )
    data = io.BytesIO()
    picture.save(data, "JPEG", quality=85)
    return data.getvalue()


def fingerprint(folder: Path) -> str:
    """A hash of all names, contents, rights and times below the folder."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        state = path.stat()
        digest.update(f"{path.relative_to(folder)} {state.st_mode} {state.st_mtime_ns} {state.st_size}".encode())
        if path.is_file():
            digest.update(path.read_bytes())
    return digest.hexdigest()


def rows(table: Path) -> list[Row]:
    return cast("list[Row]", pq.read_table(table).to_pylist())


def command(source: Path, out: Path, *more: str, program: str = "attrai_batch") -> list[str]:
    return [sys.executable, "-m", program, "run", str(source), "--out", str(out), *more]


@contextmanager
def started(
    words: list[str], log: Path, environment: Mapping[str, str] | None = None
) -> Iterator["subprocess.Popen[bytes]"]:
    """Starts a process, and kills it at the end of the block if it still runs."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            words,
            stdout=output,
            stderr=output,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **(environment or {})},
            cwd=ROOT,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def completed(process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Returns when the run has ended with status 0."""
    assert process.wait(TIMEOUT_S) == 0, log.read_text()[-3000:]


def wait_for(condition: Callable[[], object], process: "subprocess.Popen[bytes] | None" = None) -> None:
    """Returns when the condition holds; the process must not end before."""
    until = time.monotonic() + TIMEOUT_S
    while not condition():
        assert process is None or process.poll() is None, "it ended before its time"
        assert time.monotonic() < until
        time.sleep(0.02)


def chunks_done(out: Path, spool: Path | None = None) -> int:
    """How many chunks have a result or are written, as its files show."""
    folder = RunFolder(out)
    try:
        return folder.next_chunk() + len(list((spool or folder.spool).glob("*/*.result")))
    except OSError:
        return 0
