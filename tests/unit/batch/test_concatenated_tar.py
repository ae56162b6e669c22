"""Tars that follow each other in one file are read to the end of the file."""

import gzip
import os
import tarfile
from pathlib import Path

import pytest
from attrai_batch.sources.archive import ArchiveSource
from attrai_batch.sources.entries import RefusedEntry
from attrai_batch.sources.rules import SourceLimits

from tests.unit.batch.archives import contents, read, tar_member, write_tar


def parts(folder: Path, packed: str) -> list[bytes]:
    one = write_tar(folder / "one", tar_member("a.jpg", os.urandom(30_000)), tar_member("b.jpg"), packed=packed)
    two = write_tar(folder / "two", tar_member("c.jpg", b"third"), tar_member("a.jpg"), packed=packed)
    return [one.read_bytes(), two.read_bytes()]


@pytest.mark.parametrize("packed", ["", "gz", "bz2", "xz"])
def test_the_photos_of_every_tar_are_read(tmp_path: Path, packed: str) -> None:
    path = tmp_path / "set.tar"
    path.write_bytes(b"".join(parts(tmp_path, packed)))
    assert read(path) == [("a.jpg", ""), ("b.jpg", ""), ("c.jpg", ""), ("a.jpg", "name_taken")]
    assert contents(path)["c.jpg"] == b"third"


@pytest.mark.parametrize("zeros", [0, 512, 3 << 20])
def test_zeros_between_and_behind_tars_are_skipped(tmp_path: Path, zeros: int) -> None:
    one, two = parts(tmp_path, "")
    path = tmp_path / "set.tar"
    path.write_bytes(one + bytes(zeros) + two + bytes(zeros))
    assert [name for name, _ in read(path, SourceLimits(header=1 << 16))] == ["a.jpg", "b.jpg", "c.jpg", "a.jpg"]


@pytest.mark.parametrize(
    "behind",
    [b"a signature", b"x" * 5_000, bytes(700) + b"x", gzip.compress(b"x" * 100)],
    ids=["few bytes", "many bytes", "zeros before", "gzip"],
)
def test_other_bytes_behind_a_tar_get_a_row_that_says_so(tmp_path: Path, behind: bytes) -> None:
    path = write_tar(tmp_path / "set.tar", tar_member("a.jpg"))
    path.write_bytes(path.read_bytes() + behind)
    *photos, last = ArchiveSource(path).entries()
    assert [photo.name for photo in photos] == ["a.jpg"]
    assert isinstance(last, RefusedEntry)
    assert (last.name, last.code) == ("set.tar", "damaged_archive")
    assert "behind the end of the tar" in last.message


def test_a_second_tar_that_is_cut_off_gets_a_row(tmp_path: Path) -> None:
    one, two = parts(tmp_path, "gz")
    path = tmp_path / "set.tar.gz"
    path.write_bytes(one + two[:-12])
    assert read(path)[-1] == ("set.tar.gz", "damaged_archive")


def test_one_block_of_zeros_is_an_end(tmp_path: Path) -> None:
    header = tarfile.TarInfo("a.jpg").tobuf(tarfile.USTAR_FORMAT)
    path = tmp_path / "set.tar"
    for zeros in (512, 700, 1024):
        path.write_bytes(header + bytes(zeros))
        assert read(path) == [("a.jpg", "")]


def test_an_empty_tar_before_another_hides_nothing(tmp_path: Path) -> None:
    empty, full = write_tar(tmp_path / "empty.tar"), write_tar(tmp_path / "full.tar", tar_member("a.jpg"))
    empty.write_bytes(empty.read_bytes() + full.read_bytes())
    assert read(empty) == [("a.jpg", "")]
