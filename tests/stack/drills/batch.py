"""`make batch` of a data set while people send photos: a row for each of its photos, and nothing of the source is touched."""

import asyncio
import subprocess
import time
from collections import Counter
from pathlib import Path

from drills.nothing_kept import assert_nothing_lives
from drills.people import Crowd, tally
from drills.photos import photo
from drills.relay import telegram
from drills.swarm import DrillFailedError, containers, files_in_volume, kill, mounted, replicas, until
from tests.flow.batches import fingerprint, rows

SERVICES = ("batch", "batch_estimator")
SET = "portraits"
BROKEN = 23
"""The one that is no picture."""
REFUSAL = "unreadable"
FIRST = 10_000
"""The first photo's number: nobody else's."""
PEOPLE = 20


async def run(photos: int = 500) -> str:
    """The table's sentence. Raises DrillFailedError. The run and an estimator of it are killed once each."""
    source = _data_set(mounted("batch", "/data") / SET, photos)
    before, begun = fingerprint(source), time.monotonic()
    async with telegram() as url, Crowd(url, PEOPLE) as crowd:
        running = asyncio.create_task(asyncio.to_thread(_make_batch))
        await _disturb(crowd, running)
        await crowd.wait_until_answered(240)
        beside = not running.done()
        told, took = await running, time.monotonic() - begun
        counts = tally(await crowd.answers())
    await assert_nothing_lives()
    table = _outcomes(mounted("batch", "/out") / f"{SET}.parquet", photos)
    changed = fingerprint(source) != before
    left = {name: replicas(name)[1] for name in SERVICES} | {"spool": len(files_in_volume("batch", "/spool"))}
    said = (
        f"{photos} photos in {took:.0f} s, the run and an estimator of it killed: {dict(table)}; "
        f"source {'CHANGED' if changed else 'untouched'}; "
        f"{counts['right']} of {PEOPLE} people got their picture {'meanwhile' if beside else 'after it'}"
    )
    if table != {"face": photos - 1, REFUSAL: 1} or changed or counts["right"] != PEOPLE or any(left.values()):
        raise DrillFailedError(f"{said}; left over: {left}; {told}")
    return said


async def _disturb(crowd: Crowd, running: asyncio.Task[str]) -> None:
    """Kills an estimator of the run and the run as soon as it has begun; people send photos in between."""
    begins = mounted("batch", "/out") / f"{SET}.parquet.parts/run.json"
    await until(lambda: running.done() or (begins.exists() and containers("batch_estimator") != []), "the run begins")
    if running.done():
        raise DrillFailedError(f"over before it could be disturbed: {await running}")
    kill("batch_estimator")
    await crowd.send(range(PEOPLE))
    kill("batch")


def _data_set(folder: Path, photos: int) -> Path:
    folder.mkdir()
    for number in range(photos):
        (folder / f"{number:04d}.jpg").write_bytes(photo(FIRST + number) if number != BROKEN else b"no picture")
    return folder


def _make_batch() -> str:
    """What `make batch` said. Raises DrillFailedError."""
    done = subprocess.run(["make", "-s", "batch", f"SOURCE={SET}"], capture_output=True, text=True, check=False)
    if done.returncode:
        raise DrillFailedError(f"make batch: {done.stderr.strip()}")
    return done.stdout.strip()


def _outcomes(file: Path, photos: int) -> Counter[str]:
    """Photos with one face and its embedding, and the others by the reason. Raises DrillFailedError where not every photo has one row."""
    table = rows(file)
    if sorted(str(row["photo"]) for row in table) != [f"{number:04d}.jpg" for number in range(photos)]:
        raise DrillFailedError(f"{len(table)} rows, not one for each photo")
    return Counter("face" if row["embedding"] is not None else str(row["error_code"]) for row in table)
