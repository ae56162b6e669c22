"""Part of detection: the pyramid's levels, cut up and laid out on one sheet that is looked at tile by tile.

A tile has one shape, whatever the photo's, so that the proposal network is compiled once and works in the processor's cache.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import ceil
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from attrai_estimator.values import Pixels

CELL, STRIDE = 12, 4
"""Pixels that one value of the proposal network sees, and the pixels between two of them."""
TILE = 136
"""Side of a tile: 32 cells, and small enough that what the network holds between its layers stays in a core's cache."""
OVERLAP = CELL - STRIDE
"""Pixels that two neighbouring tiles share."""
STEP = TILE - OVERLAP
DENSE = 64
"""Pixels of a level's shorter side up to which it is looked at twice as densely: a face that fills the picture has few cells."""
SIZES_KNOWN = 16
"""Photo sizes whose sheets are remembered, at most 0.2 MB each."""

Integers = NDArray[np.intp]
Size = tuple[int, int]


class Piece(NamedTuple):
    """A part of a level: its first pixel there, and its size."""

    level: int
    left: int
    top: int
    width: int
    height: int


class Room(NamedTuple):
    """A free part of the sheet."""

    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """Where the levels' pieces lie on a sheet of `rows` rows of `TILE` pixels.

    `owners`, shape (rows / 4, 34), says of each cell on which piece it begins, -1 for none. Of each piece:
    `corners`, its first pixel on the sheet; `origins`, shape (n, 2), what leads from the sheet into its level; `sizes`,
    shape (n, 2), its level's width and height; `levels`, shape (n,), which one.
    """

    rows: int
    pieces: tuple[Piece, ...]
    corners: tuple[tuple[int, int], ...]
    owners: NDArray[np.int16]
    origins: Integers
    sizes: Integers
    levels: Integers

    def filled(self, levels: Sequence[Pixels]) -> Pixels:
        """The sheet's pixels, shape (rows, `TILE`, 3), from the levels'; black where no piece lies."""
        pixels = np.zeros((self.rows, TILE, 3), np.uint8)
        for (i, left, top, width, height), (x, y) in zip(self.pieces, self.corners, strict=True):
            pixels[y : y + height, x : x + width] = levels[i][top : top + height, left : left + width]
        return pixels

    def windows(
        self, cells: tuple[Integers, Integers, Integers], scales: Sequence[float]
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """What cells saw, given as their tiles, rows and columns, the levels having those scales.

        Returns boxes (n, 4) in the picture's pixels, and of each whether it lies within a level.
        """
        tile, row, column = cells
        row = row + tile * (STEP // STRIDE)
        piece = self.owners[row, column]
        corners = self.origins[piece] + STRIDE * np.stack([column, row], axis=1)
        within = (piece >= 0) & np.logical_and.reduce(corners + CELL <= self.sizes[piece], axis=1)
        boxes = (
            np.concatenate([corners + 1, corners + CELL], axis=1) / np.take(scales, self.levels[piece])[:, np.newaxis]
        )
        return boxes.astype(np.float32), within


def tiles(pixels: Pixels) -> Pixels:
    """A sheet's pixels from top to bottom, shape (n, `TILE`, `TILE`, 3), which share its memory."""
    return np.moveaxis(sliding_window_view(pixels, TILE, axis=0, writeable=True)[::STEP], -1, 1)


@lru_cache(SIZES_KNOWN)
def sheet(sizes: tuple[Size, ...]) -> Sheet:
    """A sheet for levels of these widths and heights, each 12 pixels or more."""
    pieces = tuple(sorted(_pieces(sizes), key=lambda piece: (-piece.height, -piece.width)))
    corners, bottom = _placed(pieces)
    rows = max(ceil((bottom - OVERLAP) / STEP), 1) * STEP + OVERLAP
    owners = np.full((rows // STRIDE, TILE // STRIDE), -1, np.int16)
    for i, (piece, (x, y)) in enumerate(zip(pieces, corners, strict=True)):
        owners[y // STRIDE : ceil((y + piece.height) / STRIDE), x // STRIDE : ceil((x + piece.width) / STRIDE)] = i
    origins = np.array([(piece.left, piece.top) for piece in pieces]) - np.array(corners)
    levels = np.array([piece.level for piece in pieces])
    return Sheet(rows, pieces, corners, owners, origins, np.array(sizes)[levels], levels)


def _pieces(sizes: Sequence[Size]) -> Iterator[Piece]:
    """Strips of a tile's width, which overlap. A small level is laid out up to four times, so that no cell between two is left out."""
    for i, (width, height) in enumerate(sizes):
        shifts = (0, STRIDE // 2) if min(width, height) <= DENSE else (0,)
        for left in range(0, max(width - OVERLAP, 1), STEP):
            for x, y in ((left + right, down) for right in shifts for down in shifts):
                if min(width - x, height - y) >= CELL:
                    yield Piece(i, x, y, min(TILE, width - x), height - y)


def _placed(pieces: Sequence[Piece]) -> tuple[tuple[tuple[int, int], ...], int]:
    """The pieces' places on the sheet, x and y, whole strides each, and its height; a piece goes where it leaves the least room."""
    free: list[Room] = []
    places, bottom = [], 0
    for piece in pieces:
        width, height = (ceil(side / STRIDE) * STRIDE for side in (piece.width, piece.height))
        fitting = [room for room in free if room.width >= width and room.height >= height]
        if fitting:
            room = min(fitting, key=lambda room: (room.height - height, room.width - width))
            free.remove(room)
        else:
            room = Room(0, bottom, TILE, height)
            bottom += height
        free.append(Room(room.left + width, room.top, room.width - width, room.height))
        free.append(Room(room.left, room.top + height, width, room.height - height))
        places.append((room.left, room.top))
    return tuple(places), bottom
