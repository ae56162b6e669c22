"""`attrai-estimator estimate`: reads files, runs the pipeline, prints JSON lines."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import typer
from attrai_shared.errors import AttraiError, StoreUnavailable, TooManyBytes, Unreadable
from numpy.typing import NDArray

from attrai_estimator.networks import Networks, load_networks
from attrai_estimator.networks.load import SCORER, Runtime
from attrai_estimator.networks.manifest import WrongNetworkFile
from attrai_estimator.picture_folder import PictureFolder
from attrai_estimator.pipeline import estimate
from attrai_estimator.values import MAX_FILE_BYTES, Estimate, Face, Quality

EXIT_SOME_FAILED, EXIT_UNUSABLE = 1, 2
"""Exit statuses: some photo was not estimated; no photo could be."""

Line = dict[str, object]


def estimate_photos(
    photos: Sequence[str],
    out: Path | None,
    models: Path,
    runtime: Runtime,
    *,
    with_embeddings: bool,
    scorer: str = SCORER,
) -> int:
    """Print a JSON line for each photo as soon as it is estimated; returns the exit status."""
    try:
        pictures = None if out is None else PictureFolder(out, map(Path, photos))
        networks = load_networks(models, runtime, scorer=scorer, embed=with_embeddings)
    except OSError as error:
        return _unusable(f"the folder {out} cannot be made: {error.strerror}")
    except WrongNetworkFile as error:
        return _unusable(f"the networks cannot be loaded: {error}")
    failed = 0
    for photo in photos:
        line = _line(photo, networks, pictures)
        print(json.dumps(line), flush=True)  # noqa: T201 - the command's output
        failed += "error" in line
    return EXIT_SOME_FAILED if failed else 0


def _unusable(sentence: str) -> int:
    typer.echo(f"attrai-estimator: {sentence}", err=True)
    return EXIT_UNUSABLE


def _line(photo: str, networks: Networks, pictures: PictureFolder | None) -> Line:
    try:
        result = estimate(_read(Path(photo)), networks)
        if pictures is not None:
            _write(Path(photo), result.picture, pictures)
    except AttraiError as error:
        return {"photo": photo, "error": {"code": error.code, "message": str(error)}}
    return {"photo": photo, **estimate_fields(result)}


def _read(photo: Path) -> bytes:
    try:
        with photo.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise Unreadable(f"the file cannot be opened: {error.strerror}") from error
    if len(data) > MAX_FILE_BYTES:
        raise TooManyBytes(f"the file has over {MAX_FILE_BYTES // 1_000_000} MB")
    return data


def _write(photo: Path, picture: bytes, pictures: PictureFolder) -> None:
    try:
        path = pictures.write(photo, picture)
    except OSError as error:
        raise StoreUnavailable(f"the annotated picture cannot be written: {error.strerror}") from error
    if path.stem != photo.stem:
        typer.echo(f"attrai-estimator: {photo}: annotated as {path}", err=True)


def estimate_fields(result: Estimate) -> Line:
    """An estimate as JSON, without its picture."""
    return {
        "width": result.width,
        "height": result.height,
        "faces": [_face_fields(face) for face in result.faces],
        "seconds": {step: round(seconds, 4) for step, seconds in result.seconds.items()},
    }


def _face_fields(face: Face) -> Line:
    detection, box = face.detection, face.detection.box
    fields: Line = {
        "box": [round(side, 2) for side in (box.x0, box.y0, box.x1, box.y1)],
        "landmarks": _rounded(detection.landmarks, 2),
        "probability": round(detection.probability, 5),
        "score": round(face.score, 4),
        "quality": _quality_fields(face.quality),
    }
    return fields if face.embedding is None else {**fields, "embedding": _rounded(face.embedding, 6)}


def _quality_fields(quality: Quality) -> Line:
    measures = {name: round(value, 4) for name, value in quality.measures.items()}
    return {"reasons": list(quality.reasons), **measures}


def _rounded(numbers: NDArray[np.float32], digits: int) -> object:
    """Nested lists of the shape of `numbers`."""
    return numbers.astype(np.float64).round(digits).tolist()
