from datetime import UTC, datetime

import pytest
from aiogram.types import Animation, Chat, Document, Message, PhotoSize
from attrai_bot.intake.attachments import check_message
from attrai_bot.telegram.limits import MAX_DOWNLOAD_BYTES
from attrai_shared.errors import PhotoError, TooElongated, TooManyBytes, TooSmall, WrongKind


def message(**content: object) -> Message:
    chat = Chat(id=1001, type="private")
    return Message.model_validate({"message_id": 7, "date": datetime.now(UTC), "chat": chat, **content})


def size(width: int, height: int, file_id: str = "a", file_size: int | None = 10) -> PhotoSize:
    return PhotoSize(file_id=file_id, file_unique_id="u", width=width, height=height, file_size=file_size)


def document(mime_type: str | None, file_name: str | None = None, file_size: int | None = 10) -> Document:
    return Document(file_id="d", file_unique_id="u", mime_type=mime_type, file_name=file_name, file_size=file_size)


def test_the_largest_size_of_a_photo_is_taken() -> None:
    taken = check_message(message(photo=[size(90, 60), size(1280, 853, "large", 99), size(320, 213)]))
    assert (taken.file_id, taken.bytes, taken.chat_id, taken.message_id) == ("large", 99, 1001, 7)


def test_a_file_of_unknown_size_reserves_the_limit() -> None:
    assert check_message(message(document=document("image/png", file_size=None))).bytes == MAX_DOWNLOAD_BYTES


@pytest.mark.parametrize(
    ("mime_type", "file_name"),
    [
        ("image/jpeg", None),
        ("image/png", "a.bin"),
        ("image/webp", None),
        ("image/heic", None),
        ("image/heif", None),
        ("application/octet-stream", "IMG_1.HEIC"),
        (None, "a.jpg"),
    ],
)
def test_images_sent_as_files_are_photos(mime_type: str | None, file_name: str | None) -> None:
    assert check_message(message(document=document(mime_type, file_name))).file_id == "d"


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ({"document": document("image/svg+xml", "a.svg")}, WrongKind),
        ({"document": document("application/pdf", "a.jpg")}, WrongKind),
        ({"document": document("application/octet-stream", "a.exe")}, WrongKind),
        ({"document": document(None)}, WrongKind),
        ({"document": document("image/jpeg", file_size=MAX_DOWNLOAD_BYTES + 1)}, TooManyBytes),
        ({"photo": [size(39, 300)]}, TooSmall),
        ({"photo": [size(2001, 100)]}, TooElongated),
    ],
)
def test_a_message_without_a_usable_photo_is_refused(content: dict[str, object], error: type[PhotoError]) -> None:
    with pytest.raises(error):
        check_message(message(**content))


def test_an_animation_with_a_document_is_no_photo() -> None:
    animation = Animation(file_id="d", file_unique_id="u", width=90, height=90, duration=1)
    with pytest.raises(WrongKind):
        check_message(message(animation=animation, document=document("image/jpeg")))
