"""Part of detection: the pyramid's levels, cut into pieces and packed into one texture atlas of square tiles.

Tiles have one size for every photo, so the proposal network is compiled once and works in the processor's cache.
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
"""Pixels of the proposal network's receptive field, and between two of them."""
TILE = 136
"""Pixels of a tile's side: 32 cells. The network's activations for one tile fit a core's cache."""
OVERLAP = CELL - STRIDE
"""Pixels that neighbouring tiles share."""
STEP = TILE - OVERLAP
DENSE_SIDE = 64
"""A level with at most this shorter side, in pixels, is sampled twice as densely: a large face covers few cells."""
CACHED_LAYOUTS = 16
"""Layouts kept for the last photo sizes, at most 0.2 MB each."""

Integers = NDArray[np.intp]
Size = tuple[int, int]


class Piece(NamedTuple):
    """A part of a level: its first pixel there, and its size."""

    level: int
    left: int
    top: int
    width: int
    height: int


class FreeRectangle(NamedTuple):
    """A free part of the atlas."""

    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Atlas:
    """The layout of the levels' pieces in an atlas of `rows` rows of `TILE` pixels.

    `owners`, shape (rows / 4, 34): the piece in which each cell begins, -1 for none. For each piece: `corners`, its first
    pixel in the atlas; `origins`, shape (n, 2), the offset from the atlas to its level; `sizes`, shape (n, 2), its
    level's width and height; `levels`, shape (n,), the index of its level.
    """

    rows: int
    pieces: tuple[Piece, ...]
    corners: tuple[tuple[int, int], ...]
    owners: NDArray[np.int16]
    origins: Integers
    sizes: Integers
    levels: Integers

    def fill(self, levels: Sequence[Pixels]) -> Pixels:
        """The atlas' pixels, shape (rows, `TILE`, 3), from those of the levels; black outside of the pieces."""
        pixels = np.zeros((self.rows, TILE, 3), np.uint8)
        for (i, left, top, width, height), (x, y) in zip(self.pieces, self.corners, strict=True):
            pixels[y : y + height, x : x + width] = levels[i][top : top + height, left : left + width]
        return pixels

    def windows(
        self, cells: tuple[Integers, Integers, Integers], scales: Sequence[float]
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """The receptive fields of cells, given as their tiles, rows and columns; `scales` are those of the levels.

        Returns boxes (n, 4) in the picture's pixels, and for each whether it is within a level.
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
    """The tiles of an atlas from top to bottom, shape (n, `TILE`, `TILE`, 3). They share its memory."""
    return np.moveaxis(sliding_window_view(pixels, TILE, axis=0, writeable=True)[::STEP], -1, 1)


@lru_cache(CACHED_LAYOUTS)
def make_atlas(sizes: tuple[Size, ...]) -> Atlas:
    """A layout for levels of these widths and heights, each at least 12 pixels."""
    pieces = tuple(sorted(_pieces(sizes), key=lambda piece: (-piece.height, -piece.width)))
    corners, bottom = _placed(pieces)
    rows = max(ceil((bottom - OVERLAP) / STEP), 1) * STEP + OVERLAP
    owners = np.full((rows // STRIDE, TILE // STRIDE), -1, np.int16)
    for i, (piece, (x, y)) in enumerate(zip(pieces, corners, strict=True)):
        owners[y // STRIDE : ceil((y + piece.height) / STRIDE), x // STRIDE : ceil((x + piece.width) / STRIDE)] = i
    origins = np.array([(piece.left, piece.top) for piece in pieces]) - np.array(corners)
    levels = np.array([piece.level for piece in pieces])
    return Atlas(rows, pieces, corners, owners, origins, np.array(sizes)[levels], levels)


def _pieces(sizes: Sequence[Size]) -> Iterator[Piece]:
    """Overlapping strips of a tile's width. A small level is cut up to four times, shifted by half a stride."""
    for i, (width, height) in enumerate(sizes):
        shifts = (0, STRIDE // 2) if min(width, height) <= DENSE_SIDE else (0,)
        for left in range(0, max(width - OVERLAP, 1), STEP):
            for x, y in ((left + right, down) for right in shifts for down in shifts):
                if min(width - x, height - y) >= CELL:
                    yield Piece(i, x, y, min(TILE, width - x), height - y)


def _placed(pieces: Sequence[Piece]) -> tuple[tuple[tuple[int, int], ...], int]:
    """The pieces' corners (x, y) in whole strides, and the atlas' height. A piece goes where it leaves the least space."""
    free: list[FreeRectangle] = []
    places, bottom = [], 0
    for piece in pieces:
        width, height = (ceil(side / STRIDE) * STRIDE for side in (piece.width, piece.height))
        fitting = [room for room in free if room.width >= width and room.height >= height]
        if fitting:
            room = min(fitting, key=lambda room: (room.height - height, room.width - width))
            free.remove(room)
        else:
            room = FreeRectangle(0, bottom, TILE, height)
            bottom += height
        free.append(FreeRectangle(room.left + width, room.top, room.width - width, room.height))
        free.append(FreeRectangle(room.left, room.top + height, width, room.height - height))
        places.append((room.left, room.top))
    return tuple(places), bottom
