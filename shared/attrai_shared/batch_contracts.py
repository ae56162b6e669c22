"""The messages and files of a batch: a chunk of photos to embed, and each photo's outcome. Frozen, versioned, unknown fields refused.

They name photos of a data set below a read-only root, never a person's request.
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
"""Most photos in one chunk."""
EMBEDDING_SIZE = 128


def _is_relative(name: str) -> str:
    """A path that stays below its root: relative, in its shortest form, with slashes."""
    if "\0" in name or any(part in ("", ".", "..") for part in name.split("/")):
        raise ValueError("not a relative path inside the root")
    return name


def _is_embedding(text: str) -> str:
    try:
        size = len(base64.b64decode(text, validate=True))
    except binascii.Error:
        size = 0
    if size != EMBEDDING_SIZE * 4:
        raise ValueError("not 128 numbers of 32 bits in base64")
    return text


SourceName = Annotated[str, StringConstraints(min_length=1, max_length=4096), AfterValidator(_is_relative)]
EncodedEmbedding = Annotated[str, AfterValidator(_is_embedding)]
"""128 float32 numbers, little-endian, in base64."""
FiniteNumber = Annotated[float, Field(allow_inf_nan=False)]


class SourceFiles(Contract):
    """The chunk's photos are files below the read-only root. `names` are relative to it."""

    kind: Literal["source"] = "source"
    names: Annotated[tuple[SourceName, ...], Field(min_length=1, max_length=MAX_CHUNK_PHOTOS)]

    @property
    def count(self) -> int:
        return len(self.names)


class SpoolFile(Contract):
    """The chunk's photos are one file in the spool, one after another. `sizes`: bytes of each."""

    kind: Literal["spool"] = "spool"
    sizes: Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(min_length=1, max_length=MAX_CHUNK_PHOTOS)]

    @property
    def count(self) -> int:
        return len(self.sizes)


class ToEmbed(Contract):
    """Find the faces in a chunk of photos, compute `what` for each, write a ChunkResult to the spool."""

    version: Literal[1] = 1
    run_id: RunId
    chunk: ChunkNumber
    what: Annotated[tuple[FaceOutput, ...], Field(min_length=1, max_length=3)]
    faces: FaceSelection
    photos: Annotated[SourceFiles | SpoolFile, Field(discriminator="kind")]


class FaceResult(Contract):
    """One face, in pixels of the upright photo. Values that were not asked for are None."""

    box: tuple[FiniteNumber, FiniteNumber, FiniteNumber, FiniteNumber]
    landmarks: Annotated[tuple[tuple[FiniteNumber, FiniteNumber], ...], Field(min_length=5, max_length=5)]
    probability: Annotated[float, Field(ge=0, le=1)]
    score: Annotated[float, Field(ge=1, le=10)] | None = None
    reasons: tuple[Code, ...] | None = None
    measures: dict[Code, FiniteNumber] | None = None
    embedding: EncodedEmbedding | None = None


class PhotoResult(Contract):
    """A photo's faces from left to right. `width` and `height`: pixels of the upright photo."""

    kind: Literal["found"] = "found"
    width: Annotated[int, Field(gt=0)]
    height: Annotated[int, Field(gt=0)]
    faces: Annotated[tuple[FaceResult, ...], Field(min_length=1)]


class PhotoFailure(Contract):
    """Why a photo has no face vector: an error's code and sentence."""

    kind: Literal["missed"] = "missed"
    code: Code
    message: Annotated[str, StringConstraints(max_length=500)]


PhotoOutcome = Annotated[PhotoResult | PhotoFailure, Field(discriminator="kind")]


class AlignedSum(Contract):
    """The sum of `count` aligned crops of `size` x `size` RGB: uint32, little-endian, zlib, base64."""

    count: Annotated[int, Field(ge=1)]
    size: Annotated[int, Field(ge=1, le=1024)]
    sums: str


class ChunkResult(Contract):
    """The outcome of each photo of a chunk, in order. `seconds`: of each step, for all photos together."""

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
    """A result that an estimator wrote to the spool. Raises RefusedMessage."""
    try:
        return ChunkResult.model_validate_json(data)
    except ValidationError:
        raise RefusedMessage("ChunkResult: not readable") from None


def encode_embedding(numbers: "list[float] | tuple[float, ...]") -> str:
    """128 numbers as an EncodedEmbedding."""
    return base64.b64encode(struct.pack(f"<{EMBEDDING_SIZE}f", *numbers)).decode()
