"""The media store: files of people and the bot, their descriptions in messages, and getFile's links."""

import asyncio
import mimetypes
import secrets
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from .errors import ApiError, bad_request
from .pictures import JpegCopy, photo_copies, thumbnail
from .tables import Table
from .types import ApiObject, Document, File, Media, PhotoSize

MAX_DOWNLOAD_BYTES = 20 * 1024 * 1024
"""The largest file that getFile serves, by the Bot API."""

LINK_LIFETIME_S = 3600
"""The shortest lifetime of getFile's links, by the Bot API."""

Kind = Literal["photo", "document"]


@dataclass(frozen=True, slots=True)
class Upload:
    """A file in a request. `file_name` is the sender's and is never used as a path."""

    data: bytes
    file_name: str
    mime_type: str


class StoredFile(File):
    """A file, its message's media, and the time until which its link is valid (seconds of the clock)."""

    mime_type: str
    file_name: str
    media: Media = Media()
    link_valid_until: float = 0


class _Name(ApiObject):
    file_id: str


class MediaStore:
    """Files with random names in `folder`, and their records in the database."""

    def __init__(self, database: sqlite3.Connection, folder: Path, clock: Callable[[], float]) -> None:
        self._files = Table(database, "files", str, StoredFile)
        self._paths = Table(database, "paths", str, _Name)
        self._folder, self._clock = folder, clock
        folder.mkdir(parents=True, exist_ok=True)

    async def keep(self, kind: Kind, upload: Upload) -> Media:
        """Stores an upload. Raises PhotoRejected for data that Telegram does not accept as a photo."""
        return await (self._keep_photo(upload) if kind == "photo" else self._keep_document(upload))

    def reuse(self, kind: Kind, file_id: str) -> Media:
        """The media of a stored file, to send it again."""
        found = self._files.get(file_id)
        if found is None:
            raise bad_request("wrong file identifier/HTTP URL specified")
        if getattr(found.media, kind) is None:
            raise bad_request(f"can't use file of type {_other(kind)} as {kind.capitalize()}")
        return found.media

    def make_link(self, file_id: str) -> File:
        """A link for the bot, valid for an hour."""
        found = self._files.get(file_id)
        if found is None:
            raise bad_request("invalid file_id")
        if found.file_size > MAX_DOWNLOAD_BYTES:
            raise bad_request("file is too big")
        self._files.put(file_id, found.model_copy(update={"link_valid_until": self._clock() + LINK_LIFETIME_S}))
        return File.model_validate(found.model_dump())

    def linked_file(self, file_path: str) -> Path:
        """The file of a valid link; any other path is a 404."""
        name = self._paths.get(file_path)
        found = self._files.get(name.file_id) if name else None
        if found is None or found.link_valid_until < self._clock():
            raise ApiError(404)
        return self._place(found)

    def find(self, file_id: str) -> tuple[StoredFile, Path] | None:
        """A file for the people's side, without a link."""
        found = self._files.get(file_id)
        return (found, self._place(found)) if found else None

    async def _keep_photo(self, upload: Upload) -> Media:
        copies = await asyncio.to_thread(photo_copies, upload.data)
        files = [self._store(copy.jpeg, "photos", "photo.jpg", "image/jpeg") for copy in copies]
        media = Media(photo=tuple(map(_photo_size, files, copies)))
        for file in files:
            self._record(file, media)
        return media

    async def _keep_document(self, upload: Upload) -> Media:
        small = await asyncio.to_thread(thumbnail, upload.data)
        preview = self._store(small.jpeg, "thumbnails", "thumbnail.jpg", "image/jpeg") if small else None
        file = self._store(upload.data, "documents", upload.file_name, upload.mime_type)
        document = Document(
            file_id=file.file_id,
            file_unique_id=file.file_unique_id,
            thumbnail=_photo_size(preview, small) if preview and small else None,
            file_name=upload.file_name or None,
            mime_type=upload.mime_type,
            file_size=file.file_size,
        )
        if preview:
            self._record(preview, Media())
        self._record(file, Media(document=document))
        return Media(document=document)

    def _store(self, data: bytes, folder: str, file_name: str, mime_type: str) -> StoredFile:
        unique = secrets.token_hex(8)
        suffix = PurePosixPath(file_name).suffix or mimetypes.guess_extension(mime_type) or ""
        suffix = suffix if suffix[1:].isalnum() and suffix.isascii() else ""
        file = StoredFile(
            file_id=("AgAC" if folder == "photos" else "BQAC") + secrets.token_urlsafe(24),
            file_unique_id=unique,
            file_size=len(data),
            file_path=f"{folder}/file_{unique}{suffix}",
            mime_type=mime_type,
            file_name=file_name,
        )
        self._place(file).write_bytes(data)
        return file

    def _record(self, file: StoredFile, media: Media) -> None:
        self._files.put(file.file_id, file.model_copy(update={"media": media}))
        self._paths.put(file.file_path, _Name(file_id=file.file_id))

    def _place(self, file: StoredFile) -> Path:
        return self._folder / file.file_unique_id


def _other(kind: Kind) -> str:
    return "Document" if kind == "photo" else "Photo"


def _photo_size(file: StoredFile, copy: JpegCopy) -> PhotoSize:
    return PhotoSize(
        file_id=file.file_id,
        file_unique_id=file.file_unique_id,
        width=copy.width,
        height=copy.height,
        file_size=file.file_size,
    )
