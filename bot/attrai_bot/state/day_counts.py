"""Counts of a day: photos, users, and estimates by step and duration. They identify nobody. Pure."""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate

STEPS = ("decode", "detect", "align", "score", "quality", "embed", "resize", "annotate", "encode")
"""The steps of the estimator's pipeline, in order."""
ALL_STEPS = "all"
BUCKET_ENDS_S = tuple(0.002 * 2**n for n in range(15))
"""Upper ends of the buckets, 2 ms to 33 s. One more bucket counts what takes longer."""
DAYS_SHOWN = 30
"""Counts are kept one day longer."""
PHOTOS_FIELD = "photos"


@dataclass(frozen=True, slots=True)
class Day:
    """A day in UTC (YYYY-MM-DD).

    `users` is an estimate (HyperLogLog, 0.8%). `seconds`: counts by bucket, for each step and for all.
    """

    date: str
    photos: int
    users: int
    seconds: Mapping[str, tuple[int, ...]]


def date_of(now: float) -> str:
    """The day in UTC; `now` in seconds since 1970."""
    return datetime.fromtimestamp(now, UTC).date().isoformat()


def last_dates(now: float) -> list[str]:
    """The last `DAYS_SHOWN` days, today's last."""
    today = datetime.fromtimestamp(now, UTC).date()
    return [(today - timedelta(days=ago)).isoformat() for ago in reversed(range(DAYS_SHOWN))]


def seconds_to_midnight(now: float) -> float:
    """Until the next day begins."""
    return 86_400 - now % 86_400


def fields_of(seconds: Mapping[str, float]) -> list[str]:
    """The counters that an estimate with these seconds by step increments. Unknown steps are left out."""
    known = {step: seconds[step] for step in STEPS if step in seconds}
    if known:
        known[ALL_STEPS] = sum(known.values())
    return [f"{step}:{bisect_left(BUCKET_ENDS_S, took)}" for step, took in known.items()]


def day_of(date: str, fields: Mapping[str, str], users: int) -> Day:
    """The day whose counters have these values."""
    seconds = {
        step: tuple(int(fields.get(f"{step}:{bucket}", 0)) for bucket in range(len(BUCKET_ENDS_S) + 1))
        for step in (*STEPS, ALL_STEPS)
    }
    return Day(date, int(fields.get(PHOTOS_FIELD, 0)), users, seconds)


def at_most(counts: tuple[int, ...], share: float) -> float | None:
    """The bucket end within which this share of the estimates was done.

    None without estimates, or beyond the last end.
    """
    wanted = share * sum(counts)
    reached = next((n for n, done in enumerate(accumulate(counts)) if done and done >= wanted), len(BUCKET_ENDS_S))
    return BUCKET_ENDS_S[reached] if reached < len(BUCKET_ENDS_S) else None
