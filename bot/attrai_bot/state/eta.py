"""The ETA of a photo, and the waiting message that tells it. Pure."""

from dataclasses import dataclass, field

from attrai_shared.contracts import Language

from attrai_bot.state.timings import QueueLoad, Timings
from attrai_bot.texts import TextParams, translate

MINUTE_S = 60
ROUNDING_S = ((20, 1), (2 * MINUTE_S, 5), (10 * MINUTE_S, 15))
"""Pairs: up to this wait, round to multiples of that.

Longer waits are rounded to minutes. The ETA is good to about a tenth.
"""


@dataclass(frozen=True, slots=True)
class Throughput:
    """How fast the queue moves: the running estimator replicas, and how long each needs for a photo."""

    replicas: int
    timings: Timings = field(default_factory=Timings)


def wait_seconds(ahead: QueueLoad, size: int, throughput: Throughput) -> float | None:
    """Seconds until a photo of `size` bytes is answered, if replicas share the load ahead evenly.

    None without replicas.
    """
    if throughput.replicas == 0:
        return None
    return throughput.timings.needed(ahead) / throughput.replicas + throughput.timings.needed(QueueLoad(1, size))


def waiting_text(language: Language, place: int, wait: float | None, mine: int, text_params: TextParams) -> str:
    """The waiting message: place in the queue, expected wait in seconds, and how many live photos the user has."""
    if wait is None:
        queue = translate(language, "waiting_no_replica", place=place)
    else:
        queue = translate(language, "waiting", place=place, wait=_rounded(language, wait))
    return f"{queue}\n{translate(language, 'waiting_of_yours', mine=mine, limit=text_params['limit'])}"


def _rounded(language: Language, seconds: float) -> str:
    step = next((step for most, step in ROUNDING_S if seconds <= most), MINUTE_S)
    rounded = max(1, round(seconds / step) * step)
    if rounded < 2 * MINUTE_S:
        return translate(language, "seconds", number=rounded)
    minutes, rest = divmod(rounded, MINUTE_S)
    text = translate(language, "minutes", number=minutes)
    return f"{text} {translate(language, 'seconds', number=rest)}" if rest else text
