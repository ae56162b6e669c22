"""Outcomes of photos, and tables of them."""

from pathlib import Path

import numpy as np
from attrai_batch.table import NamedOutcome, merge, write_part
from attrai_shared.batch_contracts import FaceResult, PhotoFailure, PhotoResult, encode_embedding

LANDMARKS = ((10.0, 11.0), (20.0, 11.0), (15.0, 15.0), (11.0, 20.0), (19.0, 20.0))
MEASURES = {"side": 30.0, "sharpness": 0.5, "turn": 0.1, "outside": 0.0, "brightness": 200.0}


def vector(seed: int) -> list[float]:
    """128 numbers; the length of the vector is about that of an embedding."""
    numbers = np.random.default_rng(seed).normal(0, 0.12, 128).astype(np.float32)
    return [float(number) for number in numbers]


def face(embedding: list[float] | None = None, score: float | None = 5.5) -> FaceResult:
    return FaceResult(
        box=(5.0, 5.0, 25.0, 30.0),
        landmarks=LANDMARKS,
        probability=0.99,
        score=score,
        reasons=("blurred",),
        measures=MEASURES,
        embedding=None if embedding is None else encode_embedding(embedding),
    )


def found(name: str, *seeds: int) -> NamedOutcome:
    return name, PhotoResult(width=250, height=200, faces=tuple(face(vector(seed)) for seed in seeds))


def missed(name: str, code: str = "no_face", message: str = "no face was found on the photo") -> NamedOutcome:
    return name, PhotoFailure(code=code, message=message)


def table(folder: Path, *photos: NamedOutcome, a_part: int = 3) -> Path:
    """A finished table of these photos, merged from parts of `a_part` photos."""
    parts = []
    for number, start in enumerate(range(0, len(photos), a_part)):
        parts.append(folder / f"{number:06d}.parquet")
        write_part(parts[-1], photos[start : start + a_part])
    merge(parts, folder / "faces.parquet", {"attrai": "test"})
    return folder / "faces.parquet"
