"""When a dead child is started again, and when the supervisor gives up. Pure."""

STEADY_S = 2.0
"""After a child was ready for so long, its death counts as the first."""
RESTART_DELAYS_S = (0.0, 0.2, 0.5, 1.0, 2.0)
"""Pauses after the first, second, ... death in a row. The supervisor gives up at the next death."""


def deaths_in_a_row(before: int, ready_seconds: float | None) -> int:
    """The count including this death. `ready_seconds`: None when the child never became ready."""
    return 1 if ready_seconds is not None and ready_seconds >= STEADY_S else before + 1


def delay(deaths: int) -> float | None:
    """Seconds until the next start; None to give up."""
    return RESTART_DELAYS_S[deaths - 1] if deaths <= len(RESTART_DELAYS_S) else None
