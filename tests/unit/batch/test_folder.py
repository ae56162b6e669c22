import os
import socket
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from attrai_batch.errors import SourceError
from attrai_batch.sources.entries import FileEntry, RefusedEntry
from attrai_batch.sources.folder import FolderSource, sorted_names
from attrai_batch.sources.rules import SourceLimits
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.batch.archives import rows

DEPTH = 1_500


def fill(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"photo")
    return folder


def test_only_photos_are_entries_in_the_order_of_names(tmp_path: Path) -> None:
    fill(
        tmp_path,
        "b/2.JPG",
        "b/10.jpeg",
        "a.png",
        "c.heic",
        "d.bmp",
        "notes.txt",
        ".hidden.jpg",
        ".git/x.jpg",
        "__MACOSX/y.jpg",
    )
    assert list(FolderSource(tmp_path).entries()) == [
        FileEntry("a.png", 5),
        FileEntry("b/10.jpeg", 5),
        FileEntry("b/2.JPG", 5),
        FileEntry("c.heic", 5),
        FileEntry("d.bmp", 5),
    ]


def test_links_are_followed_inside_and_refused_outside(tmp_path: Path) -> None:
    outside, inside = fill(tmp_path / "outside", "secret.jpg"), fill(tmp_path / "inside", "a/1.jpg")
    (inside / "link.jpg").symlink_to("a/1.jpg")
    (inside / "way.jpg").symlink_to(outside / "secret.jpg")
    (inside / "up").symlink_to(tmp_path)
    (inside / "loop").symlink_to(".")
    (inside / "self.jpg").symlink_to("self.jpg")
    (inside / "twin").symlink_to("a")
    (inside / "gone.jpg").symlink_to("nowhere.jpg")
    (inside / "notes.txt").symlink_to(outside / "secret.jpg")
    assert rows(list(FolderSource(inside).entries())) == [
        ("a/1.jpg", ""),
        ("gone.jpg", "unreadable"),
        ("link.jpg", ""),
        ("self.jpg", "unreadable"),
        ("up", "unsafe_link"),
        ("way.jpg", "unsafe_link"),
    ]


def test_a_folder_whose_name_only_begins_like_the_root_is_outside(tmp_path: Path) -> None:
    fill(tmp_path / "set-private", "a.jpg")
    folder = fill(tmp_path / "set", "b.jpg")
    (folder / "c.jpg").symlink_to(tmp_path / "set-private" / "a.jpg")
    assert rows(list(FolderSource(folder).entries())) == [("b.jpg", ""), ("c.jpg", "unsafe_link")]


def test_special_files_unsafe_names_and_too_large_files_are_refused_by_name(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s.jpg"))
    fill(tmp_path, "big.jpg")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.jpg")).write_bytes(b"")
    entries = list(FolderSource(tmp_path, SourceLimits(photo=4)).entries())
    assert rows(entries) == [
        ("big.jpg", "too_many_bytes"),
        ("pipe.jpg", "special_file"),
        ("s.jpg", "special_file"),
        ("\\udcff.jpg", "unsafe_name"),
    ]
    for entry in entries:
        entry.name.encode()


def test_a_folder_that_cannot_be_opened_is_refused_and_the_others_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root can open every folder, so the refusal is simulated."""
    fill(tmp_path, "a/1.jpg", "b/2.jpg")
    scandir = os.scandir

    def refusing(folder: bytes) -> object:
        if folder.endswith(b"/a"):
            raise PermissionError(13, "Permission denied")
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", refusing)
    assert list(FolderSource(tmp_path).entries()) == [
        RefusedEntry("a", "unreadable", "it cannot be opened: Permission denied"),
        FileEntry("b/2.jpg", 5),
    ]


def test_a_missing_folder_is_an_error_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be read: No such file"):
        list(FolderSource(tmp_path / "nowhere").entries())


def test_the_fingerprint_follows_names_sizes_and_times(tmp_path: Path) -> None:
    fill(tmp_path, "a.jpg", "b.jpg")
    source = FolderSource(tmp_path)
    assert (source.count, len(source.fingerprint)) == (2, 64)
    prints = [source.fingerprint]
    (tmp_path / "a.jpg").write_bytes(b"longer photo")
    prints.append(FolderSource(tmp_path).fingerprint)
    os.utime(tmp_path / "b.jpg", (1, 1))
    prints.append(FolderSource(tmp_path).fingerprint)
    (tmp_path / "b.jpg").rename(tmp_path / "c.jpg")
    prints.append(FolderSource(tmp_path).fingerprint)
    assert len(set(prints)) == len(prints)
    fill(tmp_path, "notes.txt")
    assert FolderSource(tmp_path).fingerprint == prints[-1]


def test_a_folder_nested_deeper_than_the_recursion_limit_is_walked(depths: Path) -> None:
    assert [entry.name for entry in FolderSource(depths).entries()] == ["d/" * DEPTH + "x.jpg"]


@pytest.fixture
def depths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A deeply nested photo. It is made and removed step by step: its path is too long, and pytest's cleaning recurses."""
    monkeypatch.chdir(tmp_path)
    for _ in range(DEPTH):
        Path("d").mkdir()
        os.chdir("d")
    Path("x.jpg").write_bytes(b"photo")
    yield tmp_path
    Path("x.jpg").unlink()
    for _ in range(DEPTH):
        os.chdir("..")
        Path("d").rmdir()


NAMES = st.text("ab\nя.", min_size=1, max_size=8).filter(lambda name: name not in (".", ".."))


@settings(deadline=None)
@given(names=st.sets(NAMES, max_size=30), run=st.integers(1, 7))
def test_names_are_sorted_in_runs_of_any_size(
    tmp_path_factory: pytest.TempPathFactory, names: set[str], run: int
) -> None:
    folder = tmp_path_factory.mktemp("names")
    for name in names:
        (folder / name).touch()
    found = [name.decode() for name in sorted_names(os.fsencode(folder), run)]
    assert set(found) == names
    assert all(first < second for first, second in pairwise(found))
