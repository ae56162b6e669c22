"""A source is read in bounded memory, as tracemalloc measures it, whatever the number of its members."""

import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from attrai_batch.sources.archive import ArchiveSource
from attrai_batch.sources.folder import FolderSource
from attrai_batch.sources.member_filter import NameSet

from tests.unit.batch.archives import tar_member, write_tar, write_zip

MEMBERS = 12_000
MAX_BYTES = 1_500_000
"""A sixth of the bytes that the standard library's list of these members takes, at least 700 each."""


def peak(work: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def read_all(source: ArchiveSource | FolderSource) -> int:
    return sum(1 for _ in source.entries())


@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_members_of_an_archive_are_not_kept_in_memory(tmp_path: Path, kind: str) -> None:
    names = [f"person-{i:06d}/a-name-of-usual-length-{i:06d}.jpg" for i in range(MEMBERS)]
    path = tmp_path / "set"
    if kind == "tar":
        write_tar(path, *(tar_member(name) for name in names))
    else:
        write_zip(path, dict.fromkeys(names, b"photo"))
    counted: list[int] = []
    assert peak(lambda: counted.append(read_all(ArchiveSource(path)))) < MAX_BYTES
    assert counted == [MEMBERS]


def test_the_standard_library_keeps_all_members_in_memory(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "set", dict.fromkeys(map(str, range(MEMBERS)), b""))
    assert peak(lambda: zipfile.ZipFile(path).close()) > 3 * MAX_BYTES


def test_names_of_a_large_folder_are_not_kept_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("attrai_batch.sources.folder.sorted_names.__defaults__", (1_000,))
    for i in range(MEMBERS):
        (tmp_path / f"a-name-of-usual-length-{i:06d}.jpg").touch()
    assert peak(lambda: read_all(FolderSource(tmp_path))) < MAX_BYTES


def test_a_name_set_takes_few_bytes_for_each_name() -> None:
    names = NameSet()
    assert peak(lambda: [names.add(str(i)) for i in range(5_000)]) < 50 * 5_000
    assert not names.add("4999")
    assert names.add("5000")
