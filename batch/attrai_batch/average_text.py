"""Averages and comparisons as JSON and as text."""

import json
from collections.abc import Mapping

import numpy as np

from attrai_batch.average import ALL, Average, Mean
from attrai_batch.vectors import Comparison

NUMBERS_PER_LINE = 4
"""Numbers of a vector on a line of text."""
Fields = dict[str, object]


def as_json(found: Mapping[str, Average], comparison: Comparison | None) -> str:
    """One object: the average of all, `compared` with a comparison, and `folders` by name if there are any."""
    fields = _fields(found[ALL])
    if comparison is not None:
        fields["compared"] = {
            "cosine": comparison.cosine,
            "distance": comparison.distance,
            "largest_difference": comparison.largest,
            "at": comparison.place,
        }
    folders = {name: _fields(average) for name, average in found.items() if name != ALL}
    return json.dumps({**fields, "folders": folders} if folders else fields)


def as_text(found: Mapping[str, Average], comparison: Comparison | None) -> str:
    """The average of all with its vector, then a line for each folder."""
    average = found[ALL]
    lines = [
        f"faces     {average.faces}",
        f"spread    {average.distance:.6f} (root mean square distance from the mean)",
        f"nearest   {_nearest(average)}",
    ]
    if comparison is not None:
        lines += [
            f"cosine    {comparison.cosine:.6f} to the other vector",
            f"distance  {comparison.distance:.6f}",
            f"largest   {comparison.largest:.6f}, the difference of number {comparison.place}",
        ]
    folders = [
        f"{name}: {one.faces} faces, spread {one.distance:.6f}, nearest {_nearest(one)}"
        for name, one in found.items()
        if name != ALL
    ]
    return "\n".join([*lines, "mean", _vector(average.mean), *map(printable, folders)])


def printable(text: str) -> str:
    """Text for a terminal: control characters, which a name may hold, are escaped."""
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)


def _nearest(average: Average) -> str:
    nearest = average.nearest
    return printable(f"{nearest.photo}, face {nearest.face}, at {nearest.distance:.6f}")


def _vector(mean: Mean) -> str:
    rows = [" ".join(f"{number: .8e}" for number in row) for row in mean.reshape(-1, NUMBERS_PER_LINE)]
    return "[" + "\n ".join(rows) + "]"


def _fields(average: Average) -> Fields:
    nearest = average.nearest
    return {
        "faces": average.faces,
        "spread": average.distance,
        "nearest": {"photo": nearest.photo, "face": nearest.face, "distance": nearest.distance},
        "mean": np.asarray(average.mean).tolist(),
        "deviation": np.asarray(average.deviation).tolist(),
    }
