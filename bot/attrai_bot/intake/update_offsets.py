"""Which updates Telegram may forget: those whose handler has finished, and all before them. Pure."""

from collections.abc import Iterable


class UpdateOffsets:
    """Telegram forgets every update below the requested offset, so the offset stops at the first open update."""

    def __init__(self) -> None:
        self._open: set[int] = set()
        self._finished: set[int] = set()
        self._offset: int | None = None

    @property
    def offset(self) -> int | None:
        """The first update that is not finished; None before the first one."""
        return self._offset

    def begin(self, update_ids: Iterable[int], room: int) -> list[int]:
        """Opens the first `room` of these that are new, and returns them. Telegram repeats what is not confirmed."""
        floor = self._offset or 0
        new = sorted(one for one in set(update_ids) if one >= floor and one not in self._open | self._finished)[:room]
        self._open.update(new)
        self._move()
        return new

    def finish(self, update_id: int) -> None:
        """The update's handler has finished."""
        self._open.discard(update_id)
        self._finished.add(update_id)
        self._move()

    def _move(self) -> None:
        if self._open:
            self._offset = min(self._open)
        elif self._finished:
            self._offset = max(self._finished) + 1
        self._finished = {one for one in self._finished if one > (self._offset or 0)}
