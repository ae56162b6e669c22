"""`python -m attrai_bot.stats.drawing`: reads a page (JSON) from stdin and writes its picture (PNG) to stdout."""

import json
import sys
from typing import IO, cast

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from attrai_bot.stats.page import StatsPage

SIZE_INCHES = (8.0, 10.0)
DPI = 110
"""A picture of 880 x 1100 pixels."""
LABEL_EVERY_DAYS = 5


def draw(page: StatsPage, to: IO[bytes]) -> None:
    """Draws photos a day, users a day and the distribution of seconds, one below the other."""
    figure = Figure(figsize=SIZE_INCHES, dpi=DPI, layout="constrained")
    photos, users, seconds = figure.subplots(3, height_ratios=(2, 2, 3))
    for axes, counts, colour in ((photos, page["photos"], "C0"), (users, page["users"], "C2")):
        _bars(axes, page["dates"], counts, colour)
    _distribution(seconds, page["bounds"], page["shares"])
    for axes, title in zip((photos, users, seconds), page["titles"], strict=True):
        axes.set_title(title, loc="left")
    FigureCanvasAgg(figure)
    figure.savefig(to, format="png")


def _bars(axes: Axes, dates: list[str], counts: list[int], colour: str) -> None:
    axes.bar(range(len(counts)), counts, color=colour)
    axes.set_ylim(0, max(*counts, 1) * 1.1)
    shown = range(len(dates) - 1, -1, -LABEL_EVERY_DAYS)
    axes.set_xticks(list(shown), [dates[day] for day in shown])
    axes.grid(axis="y", alpha=0.3)


def _distribution(axes: Axes, bounds: list[float], shares: dict[str, list[float]]) -> None:
    ends = [bounds[0] / 2, *bounds, bounds[-1] * 2]
    for number, (name, share) in enumerate(shares.items()):
        axes.stairs([100 * part for part in share], ends, label=name, linewidth=1.2 if number else 2.6)
    axes.set_xscale("log")
    axes.set_xticks(bounds[::2], [f"{bound:.3g}" for bound in bounds[::2]])
    axes.minorticks_off()
    axes.set_ylim(0, 100)
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small")


if __name__ == "__main__":
    draw(cast(StatsPage, json.load(sys.stdin)), sys.stdout.buffer)
