"""The messages and files of a batch: a chunk of photos to embed, and what became of each. Frozen, versioned, unknown fields refused.

They name photos of a data set, which is read from a read-only root, and never a request of a person.
"""

import base64
import binascii
import struct
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints, ValidationError

from attrai_shared.contracts import Code, Contract, Seconds, read_message
from attrai_shared.errors import RefusedMessage

RunId = Annotated[str, StringConstraints(pattern=r"\A[0-9a-f]{32}\z")]
ChunkNumber = Annotated[int, Field(ge=0, lt=10**9)]
FaceSelection = Literal["all", "largest", "central"]
FaceOutput = Literal["embedding", "score", "quality"]
MAX_CHUNK_PHOTOS = 64
"""Photos of one chunk, at most."""
EMBEDDING_SIZE = 128


def _inside(name: str) -> str:
    """A path that can only lead downwards: relative, in its shortest form, with slashes."""
    if "\0" in name or any(part in ("", ".", "..") for part in name.split("/")):
        raise ValueError("not a relative path inside the root")
    return name


def _vector(text: str) -> str:
    try:
        size = len(base64.b64decode(text, validate=True))
    except binascii.Error:
        size = 0
    if size != EMBEDDING_SIZE * 4:
        raise ValueError("not 128 numbers of 32 bits in base64")
    return text


SourceName = Annotated[str, StringConstraints(min_length=1, max_length=4096), AfterValidator(_inside)]
EncodedEmbedding = Annotated[str, AfterValidator(_vector)]
"""128 float32 numbers, little-endian, in base64."""
Measure = Annotated[float, Field(allow_inf_nan=False)]


class SourceFiles(Contract):
    """The chunk's photos are files below the read-only root, named relative to it."""

    kind: Literal["source"] = "source"
    names: Annotated[tuple[SourceName, ...], Field(min_length=1, max_length=MAX_CHUNK_PHOTOS)]

    @property
    def count(self) -> int:
        return len(self.names)


class SpoolFile(Contract):
    """The chunk's photos lie one behind the other in its file in the spool; their sizes in bytes."""

    kind: Literal["spool"] = "spool"
    sizes: Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(min_length=1, max_length=MAX_CHUNK_PHOTOS)]

    @property
    def count(self) -> int:
        return len(self.sizes)


class ToEmbed(Contract):
    """A chunk of a run's photos: find their faces, compute `what` of them, leave a ChunkResult in the spool."""

    version: Literal[1] = 1
    run_id: RunId
    chunk: ChunkNumber
    what: Annotated[tuple[FaceOutput, ...], Field(min_length=1, max_length=3)]
    faces: FaceSelection
    photos: Annotated[SourceFiles | SpoolFile, Field(discriminator="kind")]


class FaceResult(Contract):
    """One face, in pixels of the upright photo at its own size. What was not asked for is None."""

    box: tuple[Measure, Measure, Measure, Measure]
    landmarks: Annotated[tuple[tuple[Measure, Measure], ...], Field(min_length=5, max_length=5)]
    probability: Annotated[float, Field(ge=0, le=1)]
    score: Annotated[float, Field(ge=1, le=10)] | None = None
    reasons: tuple[Code, ...] | None = None
    measures: dict[Code, Measure] | None = None
    embedding: EncodedEmbedding | None = None


class PhotoResult(Contract):
    """A photo with its faces from left to right; `width` and `height` of the upright photo in pixels."""

    kind: Literal["found"] = "found"
    width: Annotated[int, Field(gt=0)]
    height: Annotated[int, Field(gt=0)]
    faces: Annotated[tuple[FaceResult, ...], Field(min_length=1)]


class PhotoFailure(Contract):
    """A photo without a face vector, and the reason: an error's code and its sentence."""

    kind: Literal["missed"] = "missed"
    code: Code
    message: Annotated[str, StringConstraints(max_length=500)]


PhotoOutcome = Annotated[PhotoResult | PhotoFailure, Field(discriminator="kind")]


class AlignedSum(Contract):
    """Aligned faces added up: `count` crops of `size` x `size` RGB, their sums as uint32, little-endian, zlib, base64."""

    count: Annotated[int, Field(ge=1)]
    size: Annotated[int, Field(ge=1, le=1024)]
    sums: str


class ChunkResult(Contract):
    """What became of each photo of a chunk, in its order. `seconds`: of each step, all photos together."""

    version: Literal[1] = 1
    run_id: RunId
    chunk: ChunkNumber
    photos: Annotated[tuple[PhotoOutcome, ...], Field(min_length=1, max_length=MAX_CHUNK_PHOTOS)]
    seconds: dict[Code, Seconds]
    aligned: AlignedSum | None = None


def read_to_embed(payload: object) -> ToEmbed:
    """The message of a `to_embed` task. Raises RefusedMessage, which names fields and never quotes a value."""
    return read_message(ToEmbed, payload)


def read_chunk_result(data: bytes) -> ChunkResult:
    """A result as an estimator left it in the spool. Raises RefusedMessage."""
    try:
        return ChunkResult.model_validate_json(data)
    except ValidationError:
        raise RefusedMessage("ChunkResult: not readable") from None


def encode_embedding(numbers: "list[float] | tuple[float, ...]") -> str:
    """128 numbers as a EncodedEmbedding."""
    return base64.b64encode(struct.pack(f"<{EMBEDDING_SIZE}f", *numbers)).decode()
