"""The file that the demo sends, and the file that it writes."""

import mimetypes
from dataclasses import dataclass, field
from pathlib import Path

from attrai_local.errors import UsageError
from attrai_shared.files import atomic_write

SAMPLE = Path(__file__).parent / "sample" / "astronauts.jpg"
OTHER_TYPES = {".heic": "image/heic", ".heif": "image/heif", ".webp": "image/webp"}
"""What phones call these; the standard library does not know them all."""


@dataclass(frozen=True)
class Photo:
    """A file as a person would send it: its bytes, whatever they are, and the type that its name claims."""

    name: str
    mime_type: str
    data: bytes = field(repr=False)


def read_photo(path: Path) -> Photo:
    """Raises UsageError for what is not a readable file with something in it."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be sent: {error.strerror}.") from error
    kind = OTHER_TYPES.get(path.suffix.lower()) or mimetypes.guess_type(path.name)[0]
    return Photo(path.name, kind or "application/octet-stream", data)


def place_for(path: Path, folder: Path) -> Path:
    """Where the reply's picture goes. Raises UsageError where it would take the place of the photo itself."""
    place = folder / f"{path.stem}.jpg"
    if place.resolve() == path.resolve():
        raise UsageError(f"{path} lies where the reply's picture would be written; send a copy from another folder.")
    return place


def write_picture(place: Path, data: bytes) -> None:
    """Appears under its name whole, or not at all. Raises UsageError when the disk refuses."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(place, concurrent=True) as file:
            file.write(data)
    except OSError as error:
        raise UsageError(f"{place} cannot be written: {error.strerror}.") from error
