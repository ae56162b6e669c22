"""The edge to the folder of annotated pictures: each gets a unique name."""

from collections.abc import Iterable, Iterator
from itertools import count
from pathlib import Path


class PictureFolder:
    """Writes pictures as NAME.jpg. None replaces another picture of this run or a photo that is read."""

    def __init__(self, folder: Path, photos: Iterable[Path]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._taken = {photo.resolve() for photo in photos}

    def write(self, photo: Path, picture: bytes) -> Path:
        """Write a photo's annotated picture and return its path: NAME.jpg, or NAME-2.jpg if that is taken.

        Raises OSError.
        """
        path = next(path for path in self._names(photo.stem) if path.resolve() not in self._taken)
        self._taken.add(path.resolve())
        path.write_bytes(picture)
        return path

    def _names(self, stem: str) -> Iterator[Path]:
        yield self._folder / f"{stem}.jpg"
        yield from (self._folder / f"{stem}-{number}.jpg" for number in count(2))
