"""What becomes of photos and files, and how far getFile goes."""

import io
from collections.abc import Callable
from typing import Protocol

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import BufferedInputFile
from aiohttp import ClientSession
from attrai_playground.bot_api import ChatClient
from attrai_playground.bot_api.app import MAX_BODY_BYTES
from attrai_playground.bot_api.client import RefusedError
from attrai_playground.bot_api.errors import PhotoRejected
from attrai_playground.bot_api.media import MAX_DOWNLOAD_BYTES
from attrai_playground.bot_api.pictures import MAX_PHOTO_BYTES, photo_copies, thumbnail
from PIL import Image
from yarl import URL

Picture = Callable[..., bytes]


class Clock(Protocol):
    """The server's clock, see conftest."""

    now: float


def test_copies_are_jpegs_without_metadata(picture: Picture) -> None:
    exif = Image.Exif()
    exif[0x010E] = "secret place"
    copies = photo_copies(picture(1600, 900, exif=exif))
    for copy in copies:
        with Image.open(io.BytesIO(copy.jpeg)) as opened:
            assert (opened.format, opened.size) == ("JPEG", (copy.width, copy.height))
            assert not opened.getexif()
    assert copies[-1].width == 1280


@pytest.mark.parametrize(("orientation", "size"), [(1, (60, 40)), (3, (60, 40)), (6, (40, 60)), (8, (40, 60))])
def test_copies_are_upright(picture: Picture, orientation: int, size: tuple[int, int]) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    (copy,) = photo_copies(picture(60, 40, exif=exif))
    assert (copy.width, copy.height) == size


@pytest.mark.parametrize(("side", "sides"), [(50, [50]), (90, [90]), (300, [90, 300]), (1280, [90, 320, 800, 1280])])
def test_sizes_never_exceed_the_photo(picture: Picture, side: int, sides: list[int]) -> None:
    assert [copy.width for copy in photo_copies(picture(side, side))] == sides


@pytest.mark.parametrize("mode", ["L", "LA", "RGBA", "P", "CMYK", "I;16", "1"])
def test_every_mode_is_shown(mode: str) -> None:
    written = io.BytesIO()
    Image.new(mode, (30, 20)).save(written, "JPEG" if mode == "CMYK" else "PNG")
    assert len(photo_copies(written.getvalue())) == 1


@pytest.mark.parametrize(("width", "height"), [(1, 1), (20, 1), (5000, 300)])
def test_dimensions_at_the_limits(picture: Picture, width: int, height: int) -> None:
    assert photo_copies(picture(width, height))


@pytest.mark.parametrize(("width", "height"), [(21, 1), (1, 21), (9900, 101)])
def test_dimensions_beyond_the_limits(picture: Picture, width: int, height: int) -> None:
    with pytest.raises(PhotoRejected, match="PHOTO_INVALID_DIMENSIONS"):
        photo_copies(picture(width, height))


@pytest.mark.parametrize("data", [b"text", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\xff\xd8\xff\xe0 broken"])
def test_data_that_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(PhotoRejected, match="IMAGE_PROCESS_FAILED"):
        photo_copies(data)
    assert thumbnail(data) is None


def test_a_photo_of_more_than_10_megabytes(picture: Picture) -> None:
    with pytest.raises(PhotoRejected, match="too big for a photo"):
        photo_copies(picture() + bytes(MAX_PHOTO_BYTES))


async def test_data_that_cannot_be_a_photo_is_sent_as_a_file(chat: ChatClient, picture: Picture) -> None:
    text = await chat.send_photo(b"text", file_name="face.jpg")
    long = await chat.send_photo(picture(210, 10))
    assert text.photo is None
    assert text.document is not None
    assert text.document.thumbnail is None
    assert long.document is not None


async def test_the_bot_gets_an_error_for_data_that_is_no_photo(
    aiogram_bot: Bot, chat: ChatClient, picture: Picture
) -> None:
    for data, words in (
        (b"text", "IMAGE_PROCESS_FAILED"),
        (picture(210, 10), "PHOTO_INVALID_DIMENSIONS"),
        (b"", "non-empty"),
    ):
        with pytest.raises(TelegramBadRequest, match=words):
            await aiogram_bot.send_photo(chat.user_id, BufferedInputFile(data, "a.jpg"))
    assert await chat.messages() == []


async def test_a_person_can_send_an_empty_file(chat: ChatClient) -> None:
    sent = await chat.send_photo(b"")
    assert sent.document is not None
    assert await chat.download(sent.document.file_id) == b""


async def test_a_body_too_large_is_refused_in_a_sentence(chat: ChatClient) -> None:
    with pytest.raises(RefusedError, match="Too Large"):
        await chat.send_photo(bytes(MAX_BODY_BYTES + 1))


async def test_get_file_ends_at_20_megabytes(aiogram_bot: Bot, chat: ChatClient) -> None:
    fits = await chat.send_photo(bytes(MAX_DOWNLOAD_BYTES), as_document=True)
    big = await chat.send_photo(bytes(MAX_DOWNLOAD_BYTES + 1), as_document=True)
    assert fits.document is not None
    assert big.document is not None
    assert (await aiogram_bot.get_file(fits.document.file_id)).file_size == MAX_DOWNLOAD_BYTES
    with pytest.raises(TelegramBadRequest, match="file is too big"):
        await aiogram_bot.get_file(big.document.file_id)


async def test_a_link_is_good_for_an_hour(
    *, aiogram_bot: Bot, chat: ChatClient, http: ClientSession, base_url: str, clock: Clock, bot_url: str
) -> None:
    sent = await chat.send_photo(b"text", as_document=True)
    assert sent.document is not None
    file = await aiogram_bot.get_file(sent.document.file_id)
    link = f"{base_url}/file/{bot_url.rsplit('/', 1)[1]}/{file.file_path}"
    statuses = []
    for moved in (3599, 2):
        clock.now += moved
        async with http.get(link) as answer:
            statuses.append(answer.status)
    assert statuses == [200, 404]


@pytest.mark.parametrize(
    "path", ["../state.sqlite3", "documents/../../../etc/passwd", "%2e%2e/%2e%2e/etc/passwd", "photos/none.jpg"]
)
async def test_no_path_outside_the_media_folder_is_served(
    http: ClientSession, base_url: str, bot_url: str, path: str
) -> None:
    link = f"{base_url}/file/{bot_url.rsplit('/', 1)[1]}/{path}"
    async with http.get(URL(link, encoded=True)) as answer:
        assert answer.status == 404


async def test_a_file_name_is_never_used_as_a_path(aiogram_bot: Bot, chat: ChatClient) -> None:
    sent = await chat.send_photo(b"text", as_document=True, file_name="../../evil.sh/../x.p?p")
    assert sent.document is not None
    file = await aiogram_bot.get_file(sent.document.file_id)
    assert file.file_path is not None
    assert ".." not in file.file_path
    downloaded = await aiogram_bot.download_file(file.file_path)
    assert downloaded is not None
    assert downloaded.read() == b"text"


async def test_pages_among_the_files_do_not_run(chat: ChatClient, http: ClientSession, base_url: str) -> None:
    sent = await chat.send_photo(b"<script>", as_document=True, file_name="a.html", mime_type="text/html")
    assert sent.document is not None
    async with http.get(f"{base_url}/playground/files/{sent.document.file_id}") as answer:
        assert answer.headers["Content-Disposition"] == "attachment"
        assert answer.content_type == "application/octet-stream"
        assert "sandbox" in answer.headers["Content-Security-Policy"]
