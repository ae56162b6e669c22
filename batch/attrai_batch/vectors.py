"""A vector of 128 numbers from a file, and how two vectors differ.

The file is .npy, JSON, or text with the numbers in it: what Python printed, or a log.
"""

import io
import json
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from attrai_shared.batch_contracts import EMBEDDING_SIZE

from attrai_batch.average import Mean
from attrai_batch.errors import VectorNotFound

NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
BRACKETS = re.compile(r"\[([^\[\]]*)\]")
SEPARATORS = re.compile(r"[\s,;]+")


@dataclass(frozen=True, slots=True)
class Comparison:
    """The `cosine` of the angle, the Euclidean `distance`, and the `largest` difference of a number with its place from 0."""

    cosine: float
    distance: float
    largest: float
    place: int


def compare(one: Mean, other: Mean) -> Comparison:
    """How two vectors of shape (128,) differ. The cosine of a vector of zeros is 0."""
    differences = np.abs(one - other)
    lengths = float(np.linalg.norm(one) * np.linalg.norm(other))
    cosine = float(one @ other) / lengths if lengths else 0.0
    place = int(differences.argmax())
    return Comparison(cosine, float(np.linalg.norm(differences)), float(differences[place]), place)


def read_vector(path: Path) -> Mean:
    """The only vector in a file. Raises VectorNotFound if there is none or more than one."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise VectorNotFound(f"{path} cannot be read: {error.strerror}") from error
    found = _from_npy(data) if data.startswith(b"\x93NUMPY") else _from_text(data.decode("utf-8", "replace"))
    if len(found) != 1:
        raise VectorNotFound(
            f"{path} has {len(found) or 'no'} {'vectors' if len(found) > 1 else 'vector'} "
            f"of {EMBEDDING_SIZE} numbers in it"
        )
    return found[0]


def _from_npy(data: bytes) -> list[Mean]:
    try:
        numbers = np.load(io.BytesIO(data), allow_pickle=False)
        is_vector = numbers.size == EMBEDDING_SIZE and np.isfinite(numbers).all()
        return [numbers.astype(np.float64).ravel()] if is_vector else []
    except (ValueError, TypeError, EOFError, OSError):
        return []


def _from_text(text: str) -> list[Mean]:
    """From the surest form to the least sure: our own JSON, numbers in brackets, nothing but numbers."""
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
