"""What a person sees while a batch runs: a bar on a terminal, a line now and then elsewhere."""

import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

EVERY = 10.0
"""Seconds between plain lines."""
WINDOW = 30.0
"""Seconds over which the speed is measured."""
MOST_REASONS = 4
HOUR, MINUTE = 3600, 60
MEGABYTE = 1_000_000


class Speed:
    """Photos a second over the last half minute, from what was done at which time."""

    def __init__(self) -> None:
        self._points: deque[tuple[float, int]] = deque()

    def at(self, now: float, done: int) -> float:
        """Note that so many were done by now; 0 until there is something to compare with."""
        self._points.append((now, done))
        while len(self._points) > 2 and self._points[1][0] <= now - WINDOW:  # noqa: PLR2004 - one before the window is kept
            self._points.popleft()
        (then, before), elapsed = self._points[0], now - self._points[0][0]
        return (done - before) / elapsed if elapsed > 0 and then < now else 0.0


class ProgressDisplay(AbstractContextManager["ProgressDisplay"]):
    """Shows how far a run is: call `show` as often as you like.

    `total`: photos, where known; else `expected` is asked again and again. `console` decides by itself whether it is a terminal.
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
        self._next_line = clock() + EVERY
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[count]}, {task.fields[news]}"),
            console=console,
        )
        self._task = self._bar.add_task("photos", total=total, count="0", news="")
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
        """A resumed run: so many were done by an earlier one, and say nothing of this one's speed."""
        self._speed = Speed()
        self._speed.at(self._clock(), done)

    def show(self, done: int, failed: Mapping[str, int]) -> None:
        """`done`: photos with a result of either kind; `failed`: how many of them by reason."""
        now, total = self._clock(), self._total
        if total is None and (expected := self._expected()) is not None:
            total = max(expected, done)
        about = "" if total == self._total else "about "
        of = "" if total is None else f" of {about}{total:,}"
        self._last = f"{done:,}{of}", news(self._speed.at(now, done), done, total, failed)
        if self._console.is_terminal:
            self._bar.update(self._task, completed=done, total=total, count=self._last[0], news=self._last[1])
        elif now >= self._next_line:
            self._next_line = now + EVERY
            self._print()

    def _print(self) -> None:
        self._console.print(f"{self._last[0]} photos, {self._last[1]}", markup=False, highlight=False, soft_wrap=True)


class DownloadDisplay:
    """Says now and then how much of a download is there: `told` of its rules."""

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = console
        self._clock = clock
        self._next_line = clock() + EVERY

    def __call__(self, received: int, total: int | None) -> None:
        now = self._clock()
        if now >= self._next_line:
            self._next_line = now + EVERY
            of = "" if total is None else f" of {total / MEGABYTE:,.0f}"
            self._console.print(f"downloaded {received / MEGABYTE:,.0f}{of} MB", highlight=False)


def news(speed: float, done: int, total: int | None, failed: Mapping[str, int]) -> str:
    """Speed, time left and failures, as one line."""
    left = "" if total is None or speed <= 0 or done >= total else f", {duration((total - done) / speed)} left"
    return f"{speed:.1f} a second{left}{_reasons(failed)}"


def duration(seconds: float) -> str:
    """As people read it: 45 s, 3 min 20 s, 2 h 5 min."""
    whole = round(seconds)
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return f"{whole // MINUTE} min {whole % MINUTE} s"
    return f"{whole // HOUR} h {whole % HOUR // MINUTE} min"


def _reasons(failed: Mapping[str, int]) -> str:
    """The most frequent ones; codes alone, which are ours, and never a name from the set."""
    often = sorted(failed.items(), key=lambda item: (-item[1], item[0]))
    if not often:
        return ", none failed"
    shown = [f"{count:,} {code}" for code, count in often[:MOST_REASONS]]
    rest = sum(count for _, count in often[MOST_REASONS:])
    return ", failed: " + ", ".join([*shown, f"{rest:,} others"] if rest else shown)
