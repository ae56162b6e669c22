"""The waiting message: place in the queue, expected time, how many photos of the user's are under way. Pure."""

from dataclasses import dataclass
from math import ceil

from attrai_shared.contracts import Language

from attrai_bot.texts import Figures, say

FIRST_SECONDS = 1.0
"""Seconds that an estimate is taken to need before the first has been measured."""
MINUTE = 60
COARSE = 5
"""Seconds to which a wait of over ten is rounded up, so that the message is edited no more than is worth reading."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast the queue moves: estimator replicas at work, and seconds that each needs for a photo (None: unknown)."""

    replicas: int
    mean_seconds: float | None


def wait_seconds(ahead: int, pace: Pace) -> float:
    """Seconds until a photo with so many before it should be answered, as if replicas shared the queue evenly."""
    mean = FIRST_SECONDS if pace.mean_seconds is None else pace.mean_seconds
    return (ahead / max(pace.replicas, 1) + 1) * mean


def waiting_text(language: Language, ahead: int, mine: int, pace: Pace, figures: Figures) -> str:
    """The waiting message of a request with `ahead` live ones before it, of a user with `mine`."""
    if pace.replicas == 0:
        queue = say(language, "waiting_no_replica", place=ahead + 1)
    else:
        queue = say(language, "waiting", place=ahead + 1, wait=_rounded(language, wait_seconds(ahead, pace)))
    return f"{queue}\n{say(language, 'waiting_of_yours', mine=mine, limit=figures['limit'])}"


def _rounded(language: Language, seconds: float) -> str:
    if seconds > 2 * MINUTE:
        return say(language, "minutes", number=ceil(seconds / MINUTE))
    step = COARSE if seconds > 2 * COARSE else 1
    return say(language, "seconds", number=max(1, ceil(seconds / step) * step))
