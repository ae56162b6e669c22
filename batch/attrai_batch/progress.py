"""The progress of a run: a bar on a terminal, otherwise a line every ten seconds."""

import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

LINE_INTERVAL_S = 10.0
"""Seconds between plain lines."""
SPEED_WINDOW_S = 30.0
"""Seconds over which the speed is measured."""
MAX_REASONS = 4
"""Error codes in a line."""
HOUR, MINUTE = 3600, 60
MEGABYTE = 1_000_000


class Speed:
    """Photos a second over the last half minute.

    Unlike the speed of `rich`, it falls while no result arrives, and it needs one result, not two.
    """

    def __init__(self) -> None:
        self._points: deque[tuple[float, int]] = deque()

    def at(self, now: float, done: int) -> float:
        """Add the number of photos done by `now`; the speed, which is 0 at first."""
        self._points.append((now, done))
        while len(self._points) > 2 and self._points[1][0] <= now - SPEED_WINDOW_S:  # noqa: PLR2004 - one before the window is kept
            self._points.popleft()
        (then, before), elapsed = self._points[0], now - self._points[0][0]
        return (done - before) / elapsed if elapsed > 0 and then < now else 0.0


class ProgressDisplay(AbstractContextManager["ProgressDisplay"]):
    """Shows how far a run is each time `show` is called.

    `total` is the number of photos; if it is None, `expected` gives an estimate each time.
    """

    def __init__(
        self,
        console: Console,
        total: int | None,
        expected: Callable[[], int | None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._console = console
        self._total = total
        self._expected = expected
        self._clock = clock
        self._speed = Speed()
        self._next_line = clock() + LINE_INTERVAL_S
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[count]}, {task.fields[status_line]}"),
            console=console,
        )
        self._task = self._bar.add_task("photos", total=total, count="0", status_line="")
        self._last = ("0", "")

    def __enter__(self) -> Self:
        self._speed.at(self._clock(), 0)
        if self._console.is_terminal:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._console.is_terminal:
            self._bar.stop()
        elif kind is None:
            self._print()

    def start_from(self, done: int) -> None:
        """For a resumed run: the photos that an earlier run has done do not count for the speed."""
        self._speed = Speed()
        self._speed.at(self._clock(), done)

    def show(self, done: int, failed: Mapping[str, int]) -> None:
        """`done`: photos with any outcome. `failed`: the failed ones among them by error code."""
        now, total = self._clock(), self._total
        if total is None and (expected := self._expected()) is not None:
            total = max(expected, done)
        about = "" if total == self._total else "about "
        of = "" if total is None else f" of {about}{total:,}"
        self._last = f"{done:,}{of}", status_line(self._speed.at(now, done), done, total, failed)
        if self._console.is_terminal:
            self._bar.update(self._task, completed=done, total=total, count=self._last[0], status_line=self._last[1])
        elif now >= self._next_line:
            self._next_line = now + LINE_INTERVAL_S
            self._print()

    def _print(self) -> None:
        self._console.print(f"{self._last[0]} photos, {self._last[1]}", markup=False, highlight=False, soft_wrap=True)


class DownloadDisplay:
    """Prints the progress of a download every ten seconds. It is an `on_progress` of DownloadRules."""

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = console
        self._clock = clock
        self._next_line = clock() + LINE_INTERVAL_S

    def __call__(self, received: int, total: int | None) -> None:
        now = self._clock()
        if now >= self._next_line:
            self._next_line = now + LINE_INTERVAL_S
            of = "" if total is None else f" of {total / MEGABYTE:,.0f}"
            self._console.print(f"downloaded {received / MEGABYTE:,.0f}{of} MB", highlight=False)

    def show_wait(self, status: int, seconds: float) -> None:
        """Print a pause that a busy server causes. It is an `on_wait` of DownloadRules."""
        self._console.print(f"the server answers {status}: the next try is in {duration(seconds)}", highlight=False)


def status_line(speed: float, done: int, total: int | None, failed: Mapping[str, int]) -> str:
    """Speed, time left and failures, in one line."""
    left = "" if total is None or speed <= 0 or done >= total else f", {duration((total - done) / speed)} left"
    return f"{speed:.1f} a second{left}{_reasons(failed)}"


def duration(seconds: float) -> str:
    """For people: 45 s, 3 min 20 s, 2 h 5 min."""
    whole = round(seconds)
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return f"{whole // MINUTE} min {whole % MINUTE} s"
    return f"{whole // HOUR} h {whole % HOUR // MINUTE} min"


def _reasons(failed: Mapping[str, int]) -> str:
    """The most frequent error codes. They are our own words; a name of the set is never printed here."""
    often = sorted(failed.items(), key=lambda item: (-item[1], item[0]))
    if not often:
        return ", none failed"
    shown = [f"{count:,} {code}" for code, count in often[:MAX_REASONS]]
    rest = sum(count for _, count in often[MAX_REASONS:])
    return ", failed: " + ", ".join([*shown, f"{rest:,} others"] if rest else shown)
