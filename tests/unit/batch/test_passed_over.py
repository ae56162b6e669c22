"""Which files are photos without a photo's suffix, and what is said of the files that are passed over."""

import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from attrai_batch.report import RunInfo, write_report
from attrai_batch.run import passed_over_sentence
from attrai_batch.run_stats import RunStats
from attrai_batch.sources.archive import ArchiveSource
from attrai_batch.sources.entries import FileEntry, MemberEntry, PassedOver, PhotoSource
from attrai_batch.sources.folder import FolderSource
from PIL import Image

from tests.unit.batch.archives import rows, tar_member, write_tar, write_zip
from tests.unit.batch.rows import found, table

Maker = Callable[[Path, dict[str, bytes]], PhotoSource]


def picture(kind: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 48), "teal").save(file, kind)
    return file.getvalue()


def box(brand: bytes) -> bytes:
    return b"\0\0\0\x18ftyp" + brand + bytes(40)


JPEG = picture("JPEG")
PHOTOS = {
    "0001": JPEG,
    "cat.jpg?w=200": picture("PNG"),
    "a.b/x.jpg_large": picture("GIF"),
    "y.jp": picture("WEBP"),
    "z.jpg.1": picture("TIFF"),
    "heic.bin": box(b"heic"),
    "avif.download": box(b"avif"),
    "bitmap": picture("BMP"),
}
FOLDERS = ["@eaDir", "#recycle", "$RECYCLE.BIN", "__MACOSX", "$Recycle.Bin", "a/@eaDir/b"]
OTHERS = {"README": b"text", "notes.txt": JPEG, "film.mp4": b"\0\0\0\x18ftypisom", "empty": b"", "x.dat": b"BMx" * 20}


def folder(path: Path, files: dict[str, bytes]) -> FolderSource:
    for name, data in files.items():
        (path / "set" / name).parent.mkdir(parents=True, exist_ok=True)
        (path / "set" / name).write_bytes(data)
    return FolderSource(path / "set")


def tar(path: Path, files: dict[str, bytes]) -> ArchiveSource:
    return ArchiveSource(write_tar(path / "set", *(tar_member(*file) for file in files.items())))


def stored(path: Path, files: dict[str, bytes]) -> ArchiveSource:
    return ArchiveSource(write_zip(path / "set", files))


def deflated(path: Path, files: dict[str, bytes]) -> ArchiveSource:
    return ArchiveSource(write_zip(path / "set", files, zipfile.ZIP_DEFLATED))


SOURCES = pytest.mark.parametrize("make", [folder, tar, stored, deflated])


@SOURCES
def test_first_bytes_decide_where_the_suffix_says_nothing(tmp_path: Path, make: Maker) -> None:
    source = make(tmp_path, {**PHOTOS, **OTHERS})
    entries = list(source.entries())
    assert {entry.name for entry in entries} == set(PHOTOS)
    assert source.count == len(PHOTOS)
    for entry in entries:
        assert not isinstance(entry, MemberEntry) or entry.data == PHOTOS[entry.name]
        assert not isinstance(entry, FileEntry) or entry.size == len(PHOTOS[entry.name])


def test_a_large_zip_is_counted_by_first_bytes_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("attrai_batch.sources.archive.MAX_COUNTED_BYTES", 0)
    assert deflated(tmp_path, {**PHOTOS, **OTHERS}).count == len(PHOTOS)


@SOURCES
def test_folders_that_programs_make_are_skipped(tmp_path: Path, make: Maker) -> None:
    source = make(tmp_path, {**{f"{name}/x.jpg": JPEG for name in FOLDERS}, "a.jpg": JPEG, "recycle/b.jpg": JPEG})
    assert rows(list(source.entries())) == [("a.jpg", ""), ("recycle/b.jpg", "")]


@SOURCES
def test_files_that_are_passed_over_are_counted(tmp_path: Path, make: Maker) -> None:
    inner = write_zip(tmp_path / "inner", {"x.jpg": JPEG}).read_bytes()
    archives = {"part1.zip": inner, "part2.tar.gz": b"x", "part3.rar": b"x", "part4": inner}
    source = make(tmp_path, {**PHOTOS, **OTHERS, **archives, ".hidden": b"x"})
    for _ in range(2):
        assert len(list(source.entries())) == len(PHOTOS)
        assert source.passed_over == PassedOver(archives=4, others=5)


@pytest.mark.parametrize("make", [tar, stored])
def test_a_photo_without_a_suffix_gets_the_other_checks(tmp_path: Path, make: Maker) -> None:
    files = {"photo": JPEG, "./photo": JPEG, "../up": JPEG}
    assert rows(list(make(tmp_path, files).entries())) == [
        ("photo", ""),
        ("photo", "name_taken"),
        ("../up", "unsafe_name"),
    ]


def test_a_pipe_without_a_suffix_is_not_opened(tmp_path: Path) -> None:
    source = folder(tmp_path, {"a.jpg": JPEG})
    os.mkfifo(tmp_path / "set/pipe")
    assert rows(list(source.entries())) == [("a.jpg", "")]


def test_the_sentence_names_each_kind() -> None:
    assert passed_over_sentence(PassedOver()) == ""
    assert passed_over_sentence(PassedOver(archives=1)) == "Passed over: 1 archive in the source (unpack it first)."
    assert (
        passed_over_sentence(PassedOver(archives=2, others=1_200))
        == "Passed over: 2 archives in the source (unpack them first), 1,200 files that are no photos."
    )


def test_the_report_counts_what_was_passed_over(tmp_path: Path) -> None:
    run = RunInfo("set.zip", 1, PassedOver(archives=2, others=3))
    report = write_report(table(tmp_path, found("a.jpg", 1)), RunStats(photos=1), run, tmp_path / "report")
    text = report.markdown.read_text(encoding="utf-8")
    assert "| archives in the source, passed over | 2 |" in text
    assert "| files that are no photos, passed over | 3 |" in text
