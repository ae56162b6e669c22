"""A zip with bytes behind it, as some servers and mail gateways send it, is whole."""

import os
import zipfile
from pathlib import Path

import pytest

from tests.unit.batch.archives import contents, read, write_zip

PHOTOS = {"a.jpg": os.urandom(2_000), "b/c.jpg": b"second"}


def with_bytes_behind(path: Path, behind: bytes) -> Path:
    write_zip(path, PHOTOS).write_bytes(path.read_bytes() + behind)
    return path


@pytest.mark.parametrize(
    "behind",
    [
        b"\0",
        bytes(65_536),
        os.urandom(1_000_000),
        b"text" * 300_000,
        b"PK\5\6",
        b"a signature PK\5\6 " * 5_000,
        b"PK\5\6" + bytes(18),
        b"PK\5\6" + bytes(100_000),
    ],
)
def test_every_member_is_read(tmp_path: Path, behind: bytes) -> None:
    assert contents(with_bytes_behind(tmp_path / "a.zip", behind)) == PHOTOS


@pytest.mark.parametrize("size", range((1 << 20) - 30, (1 << 20) + 5, 3))
def test_the_directory_is_found_at_the_border_of_a_window(tmp_path: Path, size: int) -> None:
    assert contents(with_bytes_behind(tmp_path / "a.zip", bytes(size))) == PHOTOS


def test_a_comment_may_hold_the_signature_of_the_end(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", PHOTOS)
    with zipfile.ZipFile(path, "a") as archive:
        archive.comment = b"before PK\5\6 behind, and more than twenty bytes"
    assert contents(path) == PHOTOS


def test_a_zip64_with_bytes_behind_it_is_read(tmp_path: Path) -> None:
    names = [f"{i}.jpg" for i in range(66_000)]
    path = write_zip(tmp_path / "a.zip", dict.fromkeys(names, b""))
    path.write_bytes(path.read_bytes() + bytes(200_000))
    assert len(read(path)) == len(names)


def test_an_empty_zip_with_bytes_behind_it_is_empty(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {})
    path.write_bytes(path.read_bytes() + b"text" * 30_000)
    assert read(path) == []


def test_a_zip_without_its_directory_stays_damaged(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"a.jpg": os.urandom(3_000_000)})
    path.write_bytes(path.read_bytes()[:-200] + b"PK\5\6" + bytes(18))
    assert read(path) == [("a.zip", "damaged_archive")]
