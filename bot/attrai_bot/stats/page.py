"""The numbers and words on the page of /stats. Pure."""

from collections.abc import Sequence
from typing import TypedDict

from attrai_shared.contracts import Language

from attrai_bot.state.day_counts import ALL_STEPS, BUCKET_ENDS_S, STEPS, Day, at_most
from attrai_bot.texts import decimal, translate


class StatsPage(TypedDict):
    """The drawing process reads it as JSON.

    `bounds`: upper ends of the buckets in seconds; `shares`: of estimates, by bucket.
    """

    dates: list[str]
    photos: list[int]
    users: list[int]
    bounds: list[float]
    shares: dict[str, list[float]]
    titles: list[str]


def stats_page(days: Sequence[Day], language: Language) -> StatsPage:
    """The days in the order given."""
    return StatsPage(
        dates=[day.date[5:] for day in days],
        photos=[day.photos for day in days],
        users=[day.users for day in days],
        bounds=list(BUCKET_ENDS_S),
        shares={_name(step, language): _shares(_together(days, step)) for step in (ALL_STEPS, *STEPS)},
        titles=[translate(language, f"stats.{chart}") for chart in ("photos", "users", "seconds")],
    )


def stats_caption(days: Sequence[Day], language: Language) -> str:
    """Today in numbers, and how long estimates took."""
    today, counts = days[-1], _together(days, ALL_STEPS)
    text = translate(language, "stats.today", photos=today.photos, users=today.users)
    half, most = at_most(counts, 0.5), at_most(counts, 0.95)
    if half is None or most is None:
        return text
    return (
        f"{text}\n{translate(language, 'stats.took', half=decimal(language, half, 2), most=decimal(language, most, 2))}"
    )


def _name(step: str, language: Language) -> str:
    return translate(language, "stats.all") if step == ALL_STEPS else step


def _together(days: Sequence[Day], step: str) -> tuple[int, ...]:
    return tuple(map(sum, zip(*(day.seconds[step] for day in days), strict=True)))


def _shares(counts: tuple[int, ...]) -> list[float]:
    return [count / max(sum(counts), 1) for count in counts]
