"""Averages and comparisons as JSON and as text."""

import json
from collections.abc import Mapping

import numpy as np

from attrai_batch.average import ALL, Average
from attrai_batch.mean import Mean
from attrai_batch.vectors import Comparison

A_LINE = 4
Fields = dict[str, object]


def as_json(found: Mapping[str, Average], comparison: Comparison | None) -> str:
    """One object: the average of all, `compared` if it was, `folders` by name if they were asked for."""
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
        f"nearest   {_place(average)}",
    ]
    if comparison is not None:
        lines += [
            f"cosine    {comparison.cosine:.6f} to the other vector",
            f"distance  {comparison.distance:.6f}",
            f"largest   {comparison.largest:.6f}, the difference of number {comparison.place}",
        ]
    folders = [
        f"{name}: {one.faces} faces, spread {one.distance:.6f}, nearest {_place(one)}"
        for name, one in found.items()
        if name != ALL
    ]
    return "\n".join([*lines, "mean", _vector(average.mean), *map(printable, folders)])


def printable(text: str) -> str:
    """A name may hold what moves a terminal's cursor: shown escaped."""
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)


def _place(average: Average) -> str:
    nearest = average.nearest
    return printable(f"{nearest.photo}, face {nearest.face}, at {nearest.distance:.6f}")


def _vector(mean: Mean) -> str:
    rows = mean.reshape(-1, A_LINE)
    return (
        "\n".join(("[" if i == 0 else " ") + " ".join(f"{number: .8e}" for number in row) for i, row in enumerate(rows))
        + "]"
    )


def _fields(average: Average) -> Fields:
    nearest = average.nearest
    return {
        "faces": average.faces,
        "spread": average.distance,
        "nearest": {"photo": nearest.photo, "face": nearest.face, "distance": nearest.distance},
        "mean": np.asarray(average.mean).tolist(),
        "deviation": np.asarray(average.deviation).tolist(),
    }
