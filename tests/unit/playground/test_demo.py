from pathlib import Path

import pytest
from attrai_local.errors import UsageError
from attrai_playground.demo import SAMPLE, picture_path, read_photo, write_picture


@pytest.mark.parametrize(
    ("name", "mime_type"),
    [
        ("me.jpg", "image/jpeg"),
        ("ME.JPEG", "image/jpeg"),
        ("me.png", "image/png"),
        ("me.webp", "image/webp"),
        ("me.HEIC", "image/heic"),
        ("notes", "application/octet-stream"),
    ],
)
def test_the_type_is_what_the_name_claims(tmp_path: Path, name: str, mime_type: str) -> None:
    (tmp_path / name).write_bytes(b"any bytes")
    photo = read_photo(tmp_path / name)
    assert (photo.name, photo.mime_type, photo.data) == (name, mime_type, b"any bytes")


def test_an_unreadable_photo_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.jpg cannot be sent: No such file"):
        read_photo(tmp_path / "none.jpg")
    with pytest.raises(UsageError, match="cannot be sent: Is a directory"):
        read_photo(tmp_path)


def test_the_sample_can_be_read() -> None:
    assert read_photo(SAMPLE).data.startswith(b"\xff\xd8")


def test_the_picture_has_the_photos_name_and_is_a_jpeg(tmp_path: Path) -> None:
    assert picture_path(Path("holiday/me.heic"), tmp_path) == tmp_path / "me.jpg"


def test_the_picture_never_overwrites_the_photo(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(UsageError, match="send a copy"):
        picture_path(tmp_path / "me.jpg", tmp_path / "link")


def test_a_picture_replaces_an_older_one_and_leaves_nothing_else(tmp_path: Path) -> None:
    place = tmp_path / "out" / "me.jpg"
    write_picture(place, b"older")
    write_picture(place, b"newer")
    assert place.read_bytes() == b"newer"
    assert list(place.parent.iterdir()) == [place]


def test_a_picture_that_cannot_be_written_is_a_usage_error_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "me.jpg").mkdir()
    with pytest.raises(UsageError, match=r"me\.jpg cannot be written"):
        write_picture(tmp_path / "me.jpg", b"picture")
    assert list(tmp_path.iterdir()) == [tmp_path / "me.jpg"]
