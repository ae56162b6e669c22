"""The waiting message: place in the queue, expected time, how many photos of the user's are under way. Pure."""

from dataclasses import dataclass, field

from attrai_shared.contracts import Language

from attrai_bot.state.timings import QueueLoad, Timings
from attrai_bot.texts import TextParams, translate

MINUTE = 60
STEPS = ((20, 1), (2 * MINUTE, 5), (10 * MINUTE, 15))
"""Up to so many seconds a wait is rounded to a multiple of so many; a longer one to minutes. Finer than a tenth is not known."""


@dataclass(frozen=True, slots=True)
class Throughput:
    """How fast the queue moves: estimator replicas at work, and how long each needs for a photo."""

    replicas: int
    timings: Timings = field(default_factory=Timings)


def wait_seconds(ahead: QueueLoad, size: int, throughput: Throughput) -> float | None:
    """Seconds until a photo of `size` bytes should be answered, as if replicas shared what is ahead of it evenly.

    None while there are no replicas.
    """
    if throughput.replicas == 0:
        return None
    return throughput.timings.needed(ahead) / throughput.replicas + throughput.timings.needed(QueueLoad(1, size))


def waiting_text(language: Language, place: int, wait: float | None, mine: int, text_params: TextParams) -> str:
    """The waiting message of a photo at a place in the queue, expected in `wait` seconds, of a user with `mine` live ones."""
    if wait is None:
        queue = translate(language, "waiting_no_replica", place=place)
    else:
        queue = translate(language, "waiting", place=place, wait=_rounded(language, wait))
    return f"{queue}\n{translate(language, 'waiting_of_yours', mine=mine, limit=text_params['limit'])}"


def _rounded(language: Language, seconds: float) -> str:
    step = next((step for most, step in STEPS if seconds <= most), MINUTE)
    rounded = max(1, round(seconds / step) * step)
    if rounded < 2 * MINUTE:
        return translate(language, "seconds", number=rounded)
    minutes, rest = divmod(rounded, MINUTE)
    said = translate(language, "minutes", number=minutes)
    return f"{said} {translate(language, 'seconds', number=rest)}" if rest else said
