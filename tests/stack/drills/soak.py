"""Endurance, not run by default: thousands of photos, half of them beside a CPU hog. Flat memory, no lost photo."""

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

from drills.leftovers import assert_no_leftovers
from drills.swarm import DrillFailedError, memory_mib
from drills.telegram_proxy import telegram_proxy
from drills.users import SimulatedUsers, count_outcomes

TIMEOUT_S = 4 * 3600.0
USERS = 100
PHOTOS_PER_USER = 3
"""USERS times this is less than the cap of live requests. Every second group is sent beside the CPU hog."""
SERVICES = ("bot", "replier", "estimator", "rabbitmq", "redis")
MAX_GROWTH = 1.1
"""Memory is flat if the last value is at most this times the value after a fifth of the groups, plus the noise."""
MEMORY_NOISE_MIB = 16.0


async def run(photos: int = 20_000) -> str:
    """Returns the table's sentence. Raises DrillFailedError."""
    counts: Counter[str] = Counter()
    used: list[dict[str, float]] = []
    seconds: tuple[list[float], list[float]] = ([], [])
    async with telegram_proxy() as url:
        for group in count():
            if counts["sent"] >= photos:
                break
            started, busy = datetime.now(UTC), bool(group % 2)
            with _cpu_hog(busy=busy):
                counts += await _send_group(url)
            seconds[busy].extend(estimate_seconds(logs("estimator"), started))
            used.append(memory_mib())
            _print(f"{counts['sent']:,} of {photos:,} photos, {counts['right']:,} of them right; MiB {used[-1]}")
    await assert_no_leftovers()
    summary = f"{dict(counts)}; seconds alone {_spread(seconds[0])}, beside a CPU hog {_spread(seconds[1])}; MiB {_growth(used)}"
    if counts["right"] < counts["sent"] or counts["twice"] or _growing_services(used):
        raise DrillFailedError(summary)
    return summary


async def _send_group(url: str) -> Counter[str]:
    async with SimulatedUsers(url, USERS, new_ids=True) as users:
        for turn in range(PHOTOS_PER_USER):
            await users.send(range(turn * USERS, (turn + 1) * USERS))
        await users.wait_until_answered(400)
        return count_outcomes(await users.answers())


@contextmanager
def _cpu_hog(*, busy: bool) -> Iterator[None]:
    """Loads every core of the host while the block runs."""
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(os.cpu_count() or 1) if busy]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


def estimate_seconds(lines: str, since: datetime) -> list[float]:
    """The duration of each estimate since `since`, from an estimator's log. The log may be rotated."""
    records = [json.loads(line) for line in lines.splitlines() if '"photo_estimated"' in line]
    return [
        sum(value for name, value in record.items() if name.startswith("seconds_"))
        for record in records
        if datetime.fromisoformat(record["time"]) >= since
    ]


def _print(sentence: str) -> None:
    """Prints progress; the table goes to the standard output."""
    sys.stderr.write(sentence + "\n")
    sys.stderr.flush()


def _spread(values: list[float]) -> str:
    half, most = median(values), quantiles(values, n=20)[-1]
    return f"p50 {half:.3f}, p95 {most:.3f}, ratio {most / half:.2f}"


def _growth(used: list[dict[str, float]]) -> dict[str, str]:
    first, last = used[len(used) // 5], used[-1]
    return {name: f"{first[name]:.0f} to {last[name]:.0f}" for name in SERVICES}


def _growing_services(used: list[dict[str, float]]) -> list[str]:
    first, last = used[len(used) // 5], used[-1]
    return [name for name in SERVICES if last[name] > first[name] * MAX_GROWTH + MEMORY_NOISE_MIB]
