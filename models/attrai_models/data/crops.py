"""Face crops of portraits, cut exactly as the estimator cuts them, with a margin for augmentation."""

import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from attrai_estimator.networks.load import OUTPUT, PROPOSAL, REFINEMENT, SECOND_PROPOSAL
from attrai_estimator.networks.manifest import read_manifest
from attrai_estimator.networks.network import DetectorNetworks, Template
from attrai_estimator.steps.align import align
from attrai_estimator.steps.decode import decode
from attrai_estimator.steps.detect import detect
from attrai_estimator.values import Box, Detection, Photo
from attrai_shared.errors import PhotoError
from numpy.typing import NDArray

from attrai_models.data.ratings import Portrait
from attrai_models.networks.trunks import RESNET34
from attrai_models.progress import Progress

Floats = NDArray[np.float32]


def detector_folder(models: Path) -> str:
    """The name of the cache folder for crops by these detection networks: others find faces at other places."""
    manifest = read_manifest(models)
    sums = " ".join(manifest.record(name).sha256 for name in (PROPOSAL, REFINEMENT, OUTPUT, SECOND_PROPOSAL))
    return f"seen_by_{zlib.crc32(sums.encode()):08x}"


def read_photo(file: Path) -> Photo:
    """Read a photo as the estimator does; raises `PhotoError`."""
    return decode(file.read_bytes())


def main_face(photo: Photo, detector: DetectorNetworks) -> Detection:
    """The face that a portrait shows: a large one near the middle wins.

    If no face is found, the result has the template's landmarks on the middle of the photo, and probability 0.
    """
    found = detect(photo, detector)
    if not found:
        return _middle(photo)
    centre = np.array([photo.width, photo.height]) / 2
    return max(found, key=lambda face: face.box.width - 0.5 * float(np.abs(face.landmarks.mean(axis=0) - centre).max()))


def _middle(photo: Photo) -> Detection:
    side = min(photo.width, photo.height)
    corner = np.array([photo.width - side, photo.height - side]) / 2
    landmarks = np.array(RESNET34.template.points) * side + corner
    return Detection(Box(*corner.tolist(), *(corner + side).tolist()), landmarks.astype(np.float32), 0.0)


def read_landmarks(folder: Path, portraits: list[Portrait], detector: DetectorNetworks, cache: Path) -> Floats:
    """Landmarks (n, 5, 2) of the main face of each portrait, computed once and kept in the file `cache`."""

    def landmarks(row: int) -> Floats:
        return main_face(read_photo(folder / portraits[row].file), detector).landmarks

    return np.asarray(_cached(cache, len(portraits), landmarks), dtype=np.float32)


def read_crops(
    folder: Path, portraits: list[Portrait], landmarks: Floats, template: Template, cache: Path
) -> NDArray[np.uint8]:
    """Crops (n, size, size, 3) of the portraits, cut once and kept in the file `cache`."""

    def crop(row: int) -> NDArray[np.uint8]:
        face = Detection(Box(0, 0, 0, 0), landmarks[row], 1.0)
        pixels: NDArray[np.uint8] = align(read_photo(folder / portraits[row].file), [face], template)[0]
        return pixels

    return np.asarray(_cached(cache, len(portraits), crop), dtype=np.uint8)


def photo_faults(folder: Path, portraits: list[Portrait], detector: DetectorNetworks) -> list[str]:
    """A sentence for each photo that cannot be read or shows no face."""
    progress, faults = Progress("look for faces", len(portraits)), []
    for portrait in portraits:
        try:
            if not detect(read_photo(folder / portrait.file), detector):
                faults.append(f"{portrait.file}: no face is found on it")
        except PhotoError as error:
            faults.append(f"{portrait.file}: {error}")
        progress.advance()
    return faults


def _cached(cache: Path, rows: int, make: Callable[[int], NDArray[np.generic]]) -> NDArray[np.generic]:
    if not cache.exists():
        progress, made = Progress(cache.stem, rows), []
        for row in range(rows):
            made.append(make(row))
            progress.advance()
        np.save(cache, np.stack(made))
    return np.asarray(np.load(cache))
