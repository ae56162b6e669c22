"""The names of a zip's members, as the programs that write zips store them."""

import struct
import zipfile
import zlib
from pathlib import Path

import pytest
from attrai_batch.errors import SourceError
from attrai_batch.sources import open_source
from attrai_batch.sources.archive import ArchiveSource

from tests.unit.batch.archives import read, rows

NFD_NAME = "\N{CYRILLIC CAPITAL LETTER IE}\u0308/Ju\u0308rgen.jpg"


class RawInfo(zipfile.ZipInfo):
    """Stores `raw` as the name, without the flag for UTF-8."""

    raw: bytes

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802 - the library's name
        return self.raw, 0


def raw_zip(path: Path, *members: tuple[bytes, bytes]) -> Path:
    """A zip of members with these bytes as names, each with its extra field."""
    with zipfile.ZipFile(path, "w") as archive:
        for number, (raw, extra) in enumerate(members):
            info = RawInfo(str(number))
            info.raw, info.extra = raw, extra
            archive.writestr(info, b"photo")
    return path


def unicode_path(raw: bytes, name: str | bytes, *, crc: int | None = None, version: int = 1) -> bytes:
    """Info-ZIP's Unicode path field for a member with the name `raw`."""
    encoded = name.encode() if isinstance(name, str) else name
    body = struct.pack("<BL", version, zlib.crc32(raw) if crc is None else crc) + encoded
    return struct.pack("<HH", 0x7075, len(body)) + body


def names(path: Path) -> list[str]:
    return [name for name, _ in read(path)]


@pytest.mark.parametrize("name", ["Лёва/Jürgen Müller.jpg", "日本/さくら.jpg", NFD_NAME, "plain/a.jpg"])
def test_utf8_without_its_flag_is_read_as_utf8(tmp_path: Path, name: str) -> None:
    assert read(raw_zip(tmp_path / "a.zip", (name.encode(), b""))) == [(name, "")]


def test_bytes_that_are_not_utf8_are_cp437(tmp_path: Path) -> None:
    assert names(raw_zip(tmp_path / "a.zip", (b"M\x81ller.jpg", b""))) == ["Müller.jpg"]


def test_a_unicode_path_field_that_fits_gives_the_name(tmp_path: Path) -> None:
    raw = b"?????.jpg"
    other = struct.pack("<HH4s", 0x5855, 4, b"time")
    path = raw_zip(tmp_path / "a.zip", (raw, other + unicode_path(raw, "весна.jpg")))
    assert names(path) == ["весна.jpg"]


@pytest.mark.parametrize(
    "extra",
    [
        unicode_path(b"a.jpg", "other.jpg", crc=1),
        unicode_path(b"a.jpg", "other.jpg", version=2),
        unicode_path(b"a.jpg", b"\xff.jpg"),
        unicode_path(b"a.jpg", ""),
        unicode_path(b"a.jpg", "other.jpg")[:8],
    ],
)
def test_a_unicode_path_field_that_does_not_fit_is_ignored(tmp_path: Path, extra: bytes) -> None:
    assert names(raw_zip(tmp_path / "a.zip", (b"a.jpg", extra))) == ["a.jpg"]


def test_a_unicode_path_field_gets_the_same_checks_as_a_name(tmp_path: Path) -> None:
    path = raw_zip(tmp_path / "a.zip", (b"a.jpg", unicode_path(b"a.jpg", "..\\up.jpg")))
    assert read(path) == [("../up.jpg", "unsafe_name")]


def test_a_backslash_separates_folders(tmp_path: Path) -> None:
    members = (b"anna\\", b"anna\\1.jpg", b"anna/2.jpg", b"b\\c\\3.jpg", b"__MACOSX\\anna\\x.jpg", b"b\\.hidden.jpg")
    path = raw_zip(tmp_path / "a.zip", *((name, b"") for name in members))
    assert read(path) == [("anna/1.jpg", ""), ("anna/2.jpg", ""), ("b/c/3.jpg", "")]


def test_names_that_differ_in_the_slash_alone_are_one_name(tmp_path: Path) -> None:
    path = raw_zip(tmp_path / "a.zip", (b"a\\1.jpg", b""), (b"a/1.jpg", b""))
    assert read(path) == [("a/1.jpg", ""), ("a/1.jpg", "name_taken")]


def test_a_large_zip_is_counted_by_the_same_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("attrai_batch.sources.archive.MAX_COUNTED_BYTES", 0)
    path = raw_zip(tmp_path / "a.zip", (b"a\\1.jpg", b""), (b"__MACOSX\\1.jpg", b""), (b"a\\.2.jpg", b""))
    assert ArchiveSource(path).count == 1


@pytest.mark.parametrize(
    ("encoding", "name"), [("cp932", "表/ソ.jpg"), ("cp866", "фото.jpg"), ("gb18030", "照片.jpg"), ("cp1252", "é.jpg")]
)
def test_an_encoding_can_be_named_for_other_bytes(tmp_path: Path, encoding: str, name: str) -> None:
    path = raw_zip(tmp_path / "a.zip", (name.encode(encoding), b""), ("ü.jpg".encode(), b""))
    source = open_source(str(path), tmp_path / "cache", zip_encoding=encoding)
    assert rows(list(source.entries())) == [(name, ""), ("ü.jpg", "")]
    assert source.fingerprint != ArchiveSource(path).fingerprint


def test_bytes_outside_of_the_named_encoding_are_refused_by_name(tmp_path: Path) -> None:
    path = raw_zip(tmp_path / "a.zip", (b"\x81 .jpg", b""), (b"b.jpg", b""))
    source = open_source(str(path), tmp_path / "cache", zip_encoding="cp932")
    assert rows(list(source.entries())) == [("\\udc81 .jpg", "unsafe_name"), ("b.jpg", "")]


@pytest.mark.parametrize("encoding", ["klingon", "utf-16", "base64", "cp037", ""])
def test_an_encoding_that_zips_cannot_have_is_an_error(tmp_path: Path, encoding: str) -> None:
    path = raw_zip(tmp_path / "a.zip", (b"a.jpg", b""))
    with pytest.raises(SourceError, match="no encoding of names"):
        open_source(str(path), tmp_path / "cache", zip_encoding=encoding)
