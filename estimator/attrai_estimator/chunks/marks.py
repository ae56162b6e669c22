"""Which photos of a chunk were begun and which ended, over all deliveries: what kills the process is known by the third time."""

from collections import Counter
from collections.abc import Sequence

from attrai_shared.spool import Spool

ATTEMPTS = 3
"""How often work on a photo may begin without an end."""


class Marks:
    """The marks of one chunk: `+3` photo 3 was begun, `-3` it ended."""

    def __init__(self, spool: Spool, run_id: str, chunk: int) -> None:
        self._spool, self._run_id, self._chunk = spool, run_id, chunk
        lines = Counter(spool.marks(run_id, chunk))
        self._open = {number: count - lines[f"-{number}"] for number, count in _begun(lines)}
        self.interrupted = any(self._open.values())
        """Whether a delivery before this one ended in the middle of a photo."""

    def given_up(self, photo: int) -> bool:
        """Whether the photo has had all its attempts."""
        return self._open.get(photo, 0) >= ATTEMPTS

    def begin(self, photo: int) -> None:
        self._spool.mark(self._run_id, self._chunk, f"+{photo}")

    def end(self, photos: Sequence[int]) -> None:
        """Work on these is done; what they came to may still be lost with the process. Those given up were not begun, and stay so."""
        begun = [photo for photo in photos if not self.given_up(photo)]
        if begun:
            self._spool.mark(self._run_id, self._chunk, "\n".join(f"-{photo}" for photo in begun))


def _begun(lines: Counter[str]) -> list[tuple[int, int]]:
    return [(int(line[1:]), count) for line, count in lines.items() if line.startswith("+")]
