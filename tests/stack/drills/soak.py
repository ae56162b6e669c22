"""Endurance, not run by default: many thousand photos, half of them beside a busy neighbour; memory stays flat, none is lost."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from statistics import median, quantiles

from attrai_deploy.docker import logs

from drills.nothing_kept import assert_nothing_lives
from drills.people import Crowd, tally
from drills.relay import telegram
from drills.swarm import DrillFailedError, memory

LIMIT = 4 * 3600.0
PEOPLE = 100
PHOTOS_EACH = 3
"""Of one crowd: fewer than the cap of waiting photos. Crowds come one after the other, every second one beside the neighbour."""
SERVICES = ("bot", "replier", "estimator", "rabbitmq", "redis")
GROWTH = 1.1
"""The memory at the end, as a share of that after a fifth of the crowds, that still counts as flat; and so many MiB of noise."""
NOISE = 16.0


async def run(photos: int = 20_000) -> str:
    """The table's sentence. Raises DrillFailedError."""
    counts: Counter[str] = Counter()
    used: list[dict[str, float]] = []
    seconds: tuple[list[float], list[float]] = ([], [])
    async with telegram() as url:
        for turn in count():
            if counts["sent"] >= photos:
                break
            begun, busy = datetime.now(UTC), bool(turn % 2)
            with _neighbour(busy=busy):
                counts += await _crowd(url)
            seconds[busy].extend(taken(logs("estimator"), begun))
            used.append(memory())
            _say(f"{counts['sent']:,} of {photos:,} photos, {counts['right']:,} of them right; MiB {used[-1]}")
    await assert_nothing_lives()
    said = f"{dict(counts)}; seconds alone {_spread(seconds[0])}, beside a busy neighbour {_spread(seconds[1])}; MiB {_growth(used)}"
    if counts["right"] < counts["sent"] or counts["twice"] or _grown(used):
        raise DrillFailedError(said)
    return said


async def _crowd(url: str) -> Counter[str]:
    async with Crowd(url, PEOPLE, anyone=True) as crowd:
        for turn in range(PHOTOS_EACH):
            await crowd.send(range(turn * PEOPLE, (turn + 1) * PEOPLE))
        await crowd.wait_until_answered(400)
        return tally(await crowd.answers())


@contextmanager
def _neighbour(*, busy: bool) -> Iterator[None]:
    """Another program that wants every core of the host while the block runs."""
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(os.cpu_count() or 1) if busy]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


def taken(lines: str, since: datetime) -> list[float]:
    """How long each estimate since then took, all steps together, as an estimator's log says, of which old lines may be gone."""
    records = [json.loads(line) for line in lines.splitlines() if '"photo_estimated"' in line]
    return [
        sum(value for name, value in record.items() if name.startswith("seconds_"))
        for record in records
        if datetime.fromisoformat(record["time"]) >= since
    ]


def _say(sentence: str) -> None:
    """How far it is, beside the table."""
    sys.stderr.write(sentence + "\n")
    sys.stderr.flush()


def _spread(values: list[float]) -> str:
    half, most = median(values), quantiles(values, n=20)[-1]
    return f"p50 {half:.3f}, p95 {most:.3f}, ratio {most / half:.2f}"


def _growth(used: list[dict[str, float]]) -> dict[str, str]:
    first, last = used[len(used) // 5], used[-1]
    return {name: f"{first[name]:.0f} to {last[name]:.0f}" for name in SERVICES}


def _grown(used: list[dict[str, float]]) -> list[str]:
    first, last = used[len(used) // 5], used[-1]
    return [name for name in SERVICES if last[name] > first[name] * GROWTH + NOISE]
