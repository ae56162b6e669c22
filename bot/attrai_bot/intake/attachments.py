"""The photo in a message, and what is refused by the message alone. Pure."""

from dataclasses import dataclass
from pathlib import PurePosixPath

from aiogram.types import Document, Message, PhotoSize
from attrai_shared.errors import TooElongated, TooManyBytes, TooSmall, WrongKind

from attrai_bot.telegram.limits import MAX_DOWNLOAD_BYTES, MAX_RATIO, MIN_SIDE

MIME_TYPES = frozenset(
    {"image/jpeg", "image/jpg", "image/pjpeg", "image/png", "image/webp", "image/heic", "image/heif"}
)
UNSPECIFIC_TYPES = frozenset({None, "", "application/octet-stream"})
"""For these types the file's name decides."""
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif"})


@dataclass(frozen=True, slots=True)
class Attachment:
    """A photo or an image file that may be downloaded. `bytes`: its size, or the limit where the message tells none."""

    chat_id: int
    message_id: int
    file_id: str
    bytes: int


def check_message(message: Message) -> Attachment:
    """The photo in a message. Raises WrongKind, TooManyBytes, TooSmall, TooElongated."""
    if message.photo:
        return _attachment(message, _largest(message.photo))
    if message.document is None or message.animation is not None or not _is_image(message.document):
        raise WrongKind
    return _attachment(message, message.document)


def _largest(sizes: list[PhotoSize]) -> PhotoSize:
    largest = max(sizes, key=lambda size: size.width * size.height)
    if min(largest.width, largest.height) < MIN_SIDE:
        raise TooSmall
    if max(largest.width, largest.height) > MAX_RATIO * min(largest.width, largest.height):
        raise TooElongated
    return largest


def _is_image(document: Document) -> bool:
    if document.mime_type in UNSPECIFIC_TYPES:
        return PurePosixPath(document.file_name or "").suffix.lower() in SUFFIXES
    return document.mime_type in MIME_TYPES


def _attachment(message: Message, file: PhotoSize | Document) -> Attachment:
    size = MAX_DOWNLOAD_BYTES if file.file_size is None else file.file_size
    if size > MAX_DOWNLOAD_BYTES:
        raise TooManyBytes
    return Attachment(message.chat.id, message.message_id, file.file_id, size)
