"""Formats results as Markdown."""

from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import cast

from benchmarks.estimator.speed import Times

Line = dict[str, object]
"""A line of JSON that a measuring process printed."""


def table(head: Sequence[object], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def times_table(groups: Sequence[tuple[str, Sequence[Times]]]) -> str:
    """Time ratios to the first contestant, by wall clock and by CPU, then the times."""
    rows = []
    for group, times in groups:
        first = times[0]
        for one in times:
            ratios = [f"{one.seconds / first.seconds:.2f}", f"{one.cpu / first.cpu:.2f}"]
            rows.append([group, one.name, *ratios, f"{1e3 * one.seconds:.1f}", f"{1e3 * one.cpu:.1f}", one.faces])
    return table(("photo", "contestant", "times ours, clock", "CPU", "ms, clock", "ms, CPU", "faces"), rows)


def steps_table(groups: Sequence[tuple[str, Sequence[Times]]]) -> str:
    """Milliseconds and shares of our steps on photos with a face."""
    done = [(group, times[0].steps) for group, times in groups if times[0].steps]
    names = list(dict.fromkeys(step for _, steps in done for step in steps))
    rows = []
    for group, steps in done:
        total = sum(steps.values())
        rows.append([group, *(f"{1e3 * steps.get(n, 0):.1f} ({steps.get(n, 0) / total:.0%})" for n in names)])
    return table(("photo; ms (share)", *names), rows)


def floor_table(head: Line, lines: Sequence[Line]) -> str:
    """Each network's work and time for one photo, with the time at the core's peak."""
    peaks = cast(dict[str, float], head["peaks"])
    rows = []
    for line in lines:
        work, traffic, least, real = (_number(line, key) for key in ("work", "bytes", "floor", "seconds"))
        asked = f"{line['calls']} of {line['shape']}"
        amounts = [f"{work / 1e6:.0f}", f"{traffic / 1e6:.0f}", f"{1e3 * least:.1f}", f"{1e3 * real:.1f}"]
        rows.append([line["network"], line["precision"], asked, *amounts, f"{real / least:.1f}"])
    names = (
        "network",
        "precision",
        "calls",
        "million multiply-adds",
        "MB in float32",
        "ms at the peak",
        "ms",
        "times the floor",
    )
    said = "; ".join(f"{name} {value / 1e9:.0f}" for name, value in peaks.items())
    return f"{table(names, rows)}\n\nPeak, thousand million multiply-adds a second: {said}."


def differences_table(lines: Sequence[tuple[str, Line]]) -> str:
    """Differences of our scores and embeddings from the reference's, by instruction set."""
    head = ("", "faces", "score: median apart", "99th percentile", "most", "cosine: median", "least")
    rows = [
        [cap, *(f"{value:.5f}" if isinstance(value, float) else value for value in line.values())]
        for cap, line in lines
    ]
    return table(head, rows)


def starts_table(lines: Sequence[Line]) -> str:
    """Seconds from process start until a replica consumes."""
    seconds = [_number(line, "ready") for line in lines if "ready" in line]
    return table(("median, s", "each"), [[f"{median(seconds):.2f}", ", ".join(f"{one:.2f}" for one in seconds)]])


def memory_table(lines: Sequence[Line], stock: Mapping[int, int]) -> str:
    """Megabytes of a replica and of the stock pair by photo count."""
    rows = []
    for line in (line for line in lines if "bytes" in line):
        photos = int(_number(line, "photos"))
        ours = [f"{_number(line, key) / 1e6:.0f}" for key in ("bytes", "private")]
        rows.append([photos, *ours, f"{stock[photos] / 1e6:.0f}" if photos in stock else ""])
    return table(("photos", "a replica, MB", "of these its alone", "stock pair, MB"), rows)


def _number(line: Line, key: str) -> float:
    return float(cast(float, line[key]))
