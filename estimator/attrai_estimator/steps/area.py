"""Part of decoding and detection: the side by which both choose how far a picture is reduced."""

from math import isqrt

STRIP_RATIO = 2
"""A picture that is longer, a panorama or a long screenshot, has far fewer pixels than others of its longer side."""


def side_by_area(width: int, height: int) -> int:
    """The longer side in pixels; that of a square with as many pixels for a strip, or its faces would get too small."""
    longer, shorter = max(width, height), min(width, height)
    return isqrt(width * height) if longer > STRIP_RATIO * shorter else longer
