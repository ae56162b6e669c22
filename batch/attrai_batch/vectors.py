"""A vector of 128 numbers as people keep one: .npy, JSON, what Python printed, or a log with that in it; and how two compare."""

import io
import json
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from attrai_shared.batch_contracts import EMBEDDING_SIZE

from attrai_batch.errors import VectorNotFound
from attrai_batch.mean import Mean

NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
BRACKETS = re.compile(r"\[([^\[\]]*)\]")
SEPARATORS = re.compile(r"[\s,;]+")


@dataclass(frozen=True, slots=True)
class Comparison:
    """`cosine` of the angle, Euclidean `distance`, and the `largest` difference of a number, with its place from 0."""

    cosine: float
    distance: float
    largest: float
    place: int


def compare(one: Mean, other: Mean) -> Comparison:
    """How two vectors of shape (128,) differ. A vector of zeros has a cosine of 0 to all."""
    differences = np.abs(one - other)
    lengths = float(np.linalg.norm(one) * np.linalg.norm(other))
    cosine = float(one @ other) / lengths if lengths else 0.0
    place = int(differences.argmax())
    return Comparison(cosine, float(np.linalg.norm(differences)), float(differences[place]), place)


def read_vector(path: Path) -> Mean:
    """The one vector in a file. Raises NoVector."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise VectorNotFound(f"{path} cannot be read: {error.strerror}") from error
    found = _of_npy(data) if data.startswith(b"\x93NUMPY") else _of_text(data.decode("utf-8", "replace"))
    if len(found) != 1:
        raise VectorNotFound(
            f"{path} has {len(found) or 'no'} {'vectors' if len(found) > 1 else 'vector'} of {EMBEDDING_SIZE} numbers in it"
        )
    return found[0]


def _of_npy(data: bytes) -> list[Mean]:
    try:
        numbers = np.load(io.BytesIO(data), allow_pickle=False)
        return (
            [numbers.astype(np.float64).ravel()]
            if numbers.size == EMBEDDING_SIZE and np.isfinite(numbers).all()
            else []
        )
    except (ValueError, TypeError, EOFError, OSError):
        return []


def _of_text(text: str) -> list[Mean]:
    """In the order of how sure it is: JSON of ours, anything in brackets, nothing but numbers."""
    text = text.replace("\N{MINUS SIGN}", "-")
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if isinstance(value, dict):
        return _numbers(re.sub(r"[\[\]]", " ", json.dumps(value.get("mean"))))
    in_brackets = [vector for inner in BRACKETS.findall(text) for vector in _numbers(inner)]
    return in_brackets or _numbers(text)


def _numbers(text: str) -> list[Mean]:
    """The text as a vector, if it is 128 numbers and nothing else."""
    parts = [part for part in SEPARATORS.split(text) if part]
    if len(parts) != EMBEDDING_SIZE or not all(NUMBER.fullmatch(part) for part in parts):
        return []
    return [np.array([float(part) for part in parts])]
