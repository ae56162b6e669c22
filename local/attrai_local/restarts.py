"""When a child that died is started again, and when it is given up. Pure."""

STEADY = 2.0
"""Seconds that a child must have been ready for its death to count as the first again."""
DELAYS = (0.0, 0.2, 0.5, 1.0, 2.0)
"""Seconds to wait after the first, second, ... death in a row; one death more, and the child is given up."""


def deaths_in_a_row(before: int, ready_seconds: float | None) -> int:
    """The count with this death; `ready_seconds` is None when the child never became ready."""
    return 1 if ready_seconds is not None and ready_seconds >= STEADY else before + 1


def delay(deaths: int) -> float | None:
    """Seconds until the next start, or None: there is none."""
    return DELAYS[deaths - 1] if deaths <= len(DELAYS) else None
