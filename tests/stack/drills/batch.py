"""`make batch` while users send photos: the table has a row for each photo, and the data set is unchanged."""

import asyncio
import subprocess
import time
from collections import Counter
from pathlib import Path

from drills.leftovers import assert_no_leftovers
from drills.photos import photo
from drills.swarm import DrillFailedError, containers, files_in_volume, kill, mount_source, replicas, wait_until
from drills.telegram_proxy import telegram_proxy
from drills.users import SimulatedUsers, count_outcomes
from tests.flow.batches import fingerprint, rows

SERVICES = ("batch", "batch_estimator")
DATA_SET = "portraits"
BROKEN_PHOTO = 23
"""The number of the file that is not a picture."""
BROKEN_PHOTO_CODE = "unreadable"
FIRST_PHOTO_NUMBER = 10_000
"""Higher than any number of a user's photo."""
USERS = 20


async def run(photos: int = 500) -> str:
    """Kills the run and one of its estimators. Returns the table's sentence. Raises DrillFailedError."""
    source = _data_set(mount_source("batch", "/data") / DATA_SET, photos)
    before, started = fingerprint(source), time.monotonic()
    async with telegram_proxy() as url, SimulatedUsers(url, USERS) as users:
        running = asyncio.create_task(asyncio.to_thread(_make_batch))
        await _disturb(users, running)
        await users.wait_until_answered(240)
        answered_during_run = not running.done()
        output, took = await running, time.monotonic() - started
        counts = count_outcomes(await users.answers())
    await assert_no_leftovers()
    table = _outcomes(mount_source("batch", "/out") / f"{DATA_SET}.parquet", photos)
    changed = fingerprint(source) != before
    left = {name: replicas(name)[1] for name in SERVICES} | {"spool": len(files_in_volume("batch", "/spool"))}
    summary = (
        f"{photos} photos in {took:.0f} s, the run and an estimator of it killed: {dict(table)}; "
        f"source {'CHANGED' if changed else 'untouched'}; "
        f"{counts['right']} of {USERS} users got their picture {'meanwhile' if answered_during_run else 'after it'}"
    )
    if table != {"face": photos - 1, BROKEN_PHOTO_CODE: 1} or changed or counts["right"] != USERS or any(left.values()):
        raise DrillFailedError(f"{summary}; left over: {left}; {output}")
    return summary


async def _disturb(users: SimulatedUsers, running: asyncio.Task[str]) -> None:
    """Kills an estimator and then the run as soon as it has started; users send photos in between."""
    run_file = mount_source("batch", "/out") / f"{DATA_SET}.parquet.parts/run.json"
    await wait_until(
        lambda: running.done() or (run_file.exists() and containers("batch_estimator") != []), "the run starts"
    )
    if running.done():
        raise DrillFailedError(f"finished before it could be disturbed: {await running}")
    kill("batch_estimator")
    await users.send(range(USERS))
    kill("batch")


def _data_set(folder: Path, photos: int) -> Path:
    folder.mkdir()
    for number in range(photos):
        (folder / f"{number:04d}.jpg").write_bytes(
            photo(FIRST_PHOTO_NUMBER + number) if number != BROKEN_PHOTO else b"no picture"
        )
    return folder


def _make_batch() -> str:
    """Returns the output of `make batch`. Raises DrillFailedError."""
    done = subprocess.run(["make", "-s", "batch", f"SOURCE={DATA_SET}"], capture_output=True, text=True, check=False)
    if done.returncode:
        raise DrillFailedError(f"make batch: {done.stderr.strip()}")
    return done.stdout.strip()


def _outcomes(file: Path, photos: int) -> Counter[str]:
    """Counts embeddings, and failures by error code. Raises DrillFailedError if a photo has not exactly one row."""
    table = rows(file)
    if sorted(str(row["photo"]) for row in table) != [f"{number:04d}.jpg" for number in range(photos)]:
        raise DrillFailedError(f"{len(table)} rows, not one for each photo")
    return Counter("face" if row["embedding"] is not None else str(row["error_code"]) for row in table)
