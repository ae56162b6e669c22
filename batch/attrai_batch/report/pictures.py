"""Draws the report's pictures as PNG. Uses matplotlib without its global state or a display."""

import io
from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

FACE_SCALE = 2
WIDTH_IN, HEIGHT_IN, DPI = 7.0, 4.0, 110
"""Size of a chart in inches, and its dots per inch."""
MAX_BARS = 12
"""Bars of the histogram before the last one, which has all larger numbers."""
CHART_BLUE = "#2a6f97"
MIN_VECTORS = 3
"""Vectors that a map needs."""


def average_face(pixels: NDArray[np.uint8]) -> bytes:
    """An average face, RGB of shape (n, n, 3), enlarged."""
    image = Image.fromarray(pixels)
    buffer = io.BytesIO()
    image.resize((image.width * FACE_SCALE, image.height * FACE_SCALE), Image.Resampling.BICUBIC).save(buffer, "PNG")
    return buffer.getvalue()


def histogram(faces: Mapping[int, int]) -> bytes:
    """The number of photos for each number of faces; the last bar has all larger numbers."""
    most = min(max(faces, default=0), MAX_BARS)
    bars = [faces.get(number, 0) for number in range(most)]
    bars.append(sum(count for number, count in faces.items() if number >= most))
    labels = [*map(str, range(most)), f"{most}+" if max(faces, default=0) > most else str(most)]
    figure = Figure((WIDTH_IN, HEIGHT_IN), DPI, layout="constrained")
    axes = figure.add_subplot(xlabel="faces of a photo", ylabel="photos")
    axes.bar_label(axes.bar(labels, bars, color=CHART_BLUE), fmt="{:,.0f}")
    axes.spines[["top", "right"]].set_visible(False)
    return _png(figure)


def vector_map(vectors: NDArray[np.float32]) -> bytes | None:
    """Vectors of shape (n, 128) on the plane of their largest variance; None for fewer than three."""
    if len(vectors) < MIN_VECTORS:
        return None
    points, shares = projected(vectors)
    names = [f"component {i + 1} ({share:.0%} of the variance)" for i, share in enumerate(shares)]
    figure = Figure((WIDTH_IN, WIDTH_IN), DPI, layout="constrained")
    axes = figure.add_subplot(xlabel=names[0], ylabel=names[1], aspect="equal")
    axes.scatter(points[:, 0], points[:, 1], s=4, color=CHART_BLUE, alpha=0.6, linewidths=0)
    axes.spines[["top", "right"]].set_visible(False)
    return _png(figure)


def projected(vectors: NDArray[np.float32]) -> tuple[NDArray[np.float64], tuple[float, float]]:
    """The first two principal components, shape (n, 2), and their shares of the variance. The largest weights are positive."""
    centred = vectors.astype(np.float64) - vectors.mean(axis=0, dtype=np.float64)
    _, values, axes = np.linalg.svd(centred, full_matrices=False)
    largest = np.abs(axes[:2]).argmax(axis=1)
    axes = axes[:2] * np.sign(axes[[0, 1], largest])[:, None]
    variances = values**2 / max(float((values**2).sum()), 1e-30)
    return centred @ axes.T, (float(variances[0]), float(variances[1]))


def _png(figure: Figure) -> bytes:
    """Leaves out the name and version of the program, so that the same table gives the same bytes."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()
