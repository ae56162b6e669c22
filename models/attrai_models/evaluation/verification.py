"""Face verification on Labeled Faces in the Wild, by its protocol: the estimator's pipeline and dlib's own."""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import dlib
import numpy as np
from attrai_estimator.networks.load import load_detector, load_embedder
from attrai_estimator.networks.network import DetectorNetworks, EmbeddingNetwork
from attrai_estimator.steps.align import align
from attrai_estimator.steps.embed import embed
from attrai_estimator.values import Photo
from numpy.typing import NDArray

from attrai_models.data.crops import main_face, read_photo
from attrai_models.networks.dlib_file import LANDMARKS_FILE, RECOGNITION_FILE, packaged_file
from attrai_models.networks.embedder import CHIP_SIDE
from attrai_models.progress import Progress

Floats = NDArray[np.float64]
Vector = NDArray[np.float32]
Mask = NDArray[np.bool_]
Chip = NDArray[np.uint8]
EmbedPhoto = Callable[[Photo], Vector | None]
"""From a photo to a vector of shape (128,), or None if no face is found."""

CHIP_PADDING = 0.25
"""Of the face, on each side: dlib's network was trained on such chips."""
THRESHOLDS = np.arange(0.3, 0.9, 0.002)
PARITY_PHOTOS = 100
NO_FACE_DISTANCE = np.inf
"""Of a pair with a photo on which no face is found: it counts as "different"."""


@dataclass(frozen=True, slots=True)
class PhotoPair:
    """Two photos, of one person or of two."""

    fold: str
    files: tuple[str, str]
    same: bool


def read_pairs(folder: Path) -> list[PhotoPair]:
    """Read `pairs.csv`: columns `fold`, `file_a`, `file_b`, `same` (1 or 0)."""
    with (folder / "pairs.csv").open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    return [PhotoPair(row["fold"], (row["file_a"], row["file_b"]), row["same"] == "1") for row in rows]


def correct_pairs(distances: Floats, pairs: list[PhotoPair]) -> Mask:
    """Which pairs are decided correctly by the threshold that is best on the other folds."""
    same, folds = np.array([pair.same for pair in pairs]), np.array([pair.fold for pair in pairs])
    correct = (distances[:, np.newaxis] < THRESHOLDS) == same[:, np.newaxis]
    result = np.zeros(len(pairs), dtype=np.bool_)
    for fold in np.unique(folds):
        in_fold = folds == fold
        result[in_fold] = correct[in_fold, correct[~in_fold].mean(axis=0).argmax()]
    return result


def fold_accuracies(distances: Floats, pairs: list[PhotoPair]) -> Floats:
    """The share of correctly decided pairs of each fold."""
    correct, folds = correct_pairs(distances, pairs), np.array([pair.fold for pair in pairs])
    return np.array([correct[folds == fold].mean() for fold in np.unique(folds)])


def pair_distances(pairs: list[PhotoPair], vectors: dict[str, Vector | None]) -> Floats:
    """The Euclidean distance of each pair."""

    def distance(pair: PhotoPair) -> float:
        a, b = (vectors[file] for file in pair.files)
        return NO_FACE_DISTANCE if a is None or b is None else float(np.linalg.norm(a - b))

    return np.array([distance(pair) for pair in pairs])


def estimator_pipeline(detector: DetectorNetworks, embedder: EmbeddingNetwork) -> EmbedPhoto:
    """The estimator's own steps, on the main face of the photo."""

    def vector(photo: Photo) -> Vector | None:
        face = main_face(photo, detector)
        return embed(align(photo, [face], embedder.template), embedder)[0] if face.probability else None

    return vector


def dlib_chips() -> Callable[[Photo], Chip | None]:
    """dlib's face detector, landmarks and chip, uint8 (150, 150, 3); None if no face is found."""
    detector, poser = dlib.get_frontal_face_detector(), dlib.shape_predictor(str(packaged_file(LANDMARKS_FILE)))

    def chip(photo: Photo) -> Chip | None:
        found = detector(photo.pixels, 0) or detector(photo.pixels, 1)
        if not found:
            return None
        face = max(found, key=lambda box: box.width() - 0.5 * _distance_from_centre(box, photo))
        return np.asarray(dlib.get_face_chip(photo.pixels, poser(photo.pixels, face), CHIP_SIDE, CHIP_PADDING))

    return chip


def dlib_pipeline(embedder: EmbeddingNetwork) -> EmbedPhoto:
    """dlib's chips with our network file, which `parity` compares with dlib's own network."""
    chip_of = dlib_chips()

    def vector(photo: Photo) -> Vector | None:
        chip = chip_of(photo)
        return None if chip is None else np.asarray(embedder.network(chip[np.newaxis])[0][0])

    return vector


def _distance_from_centre(box: dlib.rectangle, photo: Photo) -> float:
    return float(max(abs(box.center().x - photo.width / 2), abs(box.center().y - photo.height / 2)))


def embed_photos(folder: Path, pairs: list[PhotoPair], pipeline: EmbedPhoto, job: str) -> dict[str, Vector | None]:
    """Embed every photo that a pair names."""
    files = sorted({file for pair in pairs for file in pair.files})
    progress, vectors = Progress(job, len(files)), {}
    for file in files:
        vectors[file] = pipeline(read_photo(folder / file))
        progress.advance()
    return vectors


def parity(folder: Path, files: list[str], embedder: EmbeddingNetwork) -> float:
    """The largest difference of a vector's number from dlib's own descriptor of the same chip."""
    chip_of, network = dlib_chips(), dlib.face_recognition_model_v1(str(packaged_file(RECOGNITION_FILE)))
    found = [chip_of(read_photo(folder / file)) for file in files]
    chips = [chip for chip in found if chip is not None]
    (vectors,) = embedder.network(np.stack(chips))
    return float(np.abs(vectors - np.array(network.compute_face_descriptor(chips))).max())


def verification_report(folder: Path, models: Path) -> Iterator[str]:
    """Markdown tables: the accuracy of the estimator and of dlib's pipeline, and how close their vectors are."""
    pairs, detector, embedder = read_pairs(folder), load_detector(models), load_embedder(models)
    exact = load_embedder(models, precision="f32")
    ours = embed_photos(folder, pairs, estimator_pipeline(detector, embedder), "verify")
    ours_exact = embed_photos(folder, pairs, estimator_pipeline(detector, exact), "verify float32")
    theirs = embed_photos(folder, pairs, dlib_pipeline(embedder), "verify dlib")
    rows = {"attrai": ours, "attrai, in float32": ours_exact, "dlib: HOG, 5 landmarks": theirs}
    yield from _accuracy_table(pairs, rows)
    both = [(a, theirs[file]) for file, a in ours.items()]
    apart = [float(np.linalg.norm(a - b)) for a, b in both if a is not None and b is not None]
    yield "\n| distance of the two vectors of a photo | mean | 95th percentile |\n|---|---|---|"
    yield f"| {len(apart)} photos | {np.mean(apart):.3f} | {np.percentile(apart, 95):.3f} |"
    yield from _wrong_pairs_table(pairs, pair_distances(pairs, ours))
    files = sorted(ours)[:PARITY_PHOTOS]
    yield "\n| photos | largest difference from dlib's own numbers on equal chips |\n|---|---|"
    yield f"| {len(files)} | {parity(folder, files, exact):.1e} |"


def _accuracy_table(pairs: list[PhotoPair], pipelines: dict[str, dict[str, Vector | None]]) -> Iterator[str]:
    yield "| pipeline | pairs | accuracy, mean of the folds (standard error) | photos without a face |\n|---|---|---|---|"
    for name, vectors in pipelines.items():
        folds = fold_accuracies(pair_distances(pairs, vectors), pairs) * 100
        error = folds.std(ddof=1) / np.sqrt(len(folds))
        missed = sum(vector is None for vector in vectors.values())
        yield f"| {name} | {len(pairs)} | {folds.mean():.2f} % ({error:.2f}) | {missed} of {len(vectors)} |"


def _wrong_pairs_table(pairs: list[PhotoPair], distances: Floats) -> Iterator[str]:
    same, wrong = np.array([pair.same for pair in pairs]), ~correct_pairs(distances, pairs)
    yield "\n| wrong pairs of | pairs | smallest distance | largest |\n|---|---|---|---|"
    for name, chosen in (("one person", wrong & same), ("two people", wrong & ~same)):
        ends = f"{distances[chosen].min():.2f} | {distances[chosen].max():.2f}" if chosen.any() else "- | -"
        yield f"| {name} | {chosen.sum()} | {ends} |"
