"""What is counted of a day: photos, users, and estimates by step and by how long they took. Of nobody in particular. Pure."""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate

STEPS = ("decode", "detect", "align", "score", "quality", "embed", "resize", "annotate", "encode")
"""The pipeline's, in its order."""
ALL_STEPS = "all"
BOUNDS = tuple(0.002 * 2**n for n in range(15))
"""Upper ends of the buckets in seconds, 2 ms to 33 s; one more bucket takes what is longer."""
DAYS = 30
"""Days that are shown; they are kept one day longer."""
PHOTOS = "photos"


@dataclass(frozen=True, slots=True)
class Day:
    """A day in UTC (YYYY-MM-DD). `users` is an estimate (HyperLogLog, 0.8%); `seconds`: counts by bucket for each step and all."""

    date: str
    photos: int
    users: int
    seconds: Mapping[str, tuple[int, ...]]


def date_of(now: float) -> str:
    """The day in UTC; `now` in seconds since 1970."""
    return datetime.fromtimestamp(now, UTC).date().isoformat()


def last_dates(now: float) -> list[str]:
    """The last `DAYS` days, today's last."""
    today = datetime.fromtimestamp(now, UTC).date()
    return [(today - timedelta(days=ago)).isoformat() for ago in reversed(range(DAYS))]


def seconds_to_midnight(now: float) -> float:
    """Until the next day begins."""
    return 86_400 - now % 86_400


def fields_of(seconds: Mapping[str, float]) -> list[str]:
    """The counters that an estimate with these seconds by step adds one to; steps that we do not know have none."""
    known = {step: seconds[step] for step in STEPS if step in seconds}
    if known:
        known[ALL_STEPS] = sum(known.values())
    return [f"{step}:{bisect_left(BOUNDS, took)}" for step, took in known.items()]


def day_of(date: str, fields: Mapping[str, str], users: int) -> Day:
    """The day whose counters have these values."""
    seconds = {
        step: tuple(int(fields.get(f"{step}:{bucket}", 0)) for bucket in range(len(BOUNDS) + 1))
        for step in (*STEPS, ALL_STEPS)
    }
    return Day(date, int(fields.get(PHOTOS, 0)), users, seconds)


def at_most(counts: tuple[int, ...], share: float) -> float | None:
    """Seconds within which this share of the estimates was done, as the end of a bucket; None without any, or beyond the last."""
    wanted = share * sum(counts)
    reached = next((n for n, done in enumerate(accumulate(counts)) if done and done >= wanted), len(BOUNDS))
    return BOUNDS[reached] if reached < len(BOUNDS) else None
