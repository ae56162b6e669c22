"""Builds archives for tests, valid and hostile ones, and lists their entries."""

import io
import tarfile
import zipfile
from pathlib import Path

from attrai_batch.sources.archive import ArchiveSource
from attrai_batch.sources.entries import Entry, FileEntry, MemberEntry, RefusedEntry
from attrai_batch.sources.rules import DEFAULT_SOURCE_LIMITS, SourceLimits

Rows = list[tuple[str, str]]


def read(path: Path, limits: SourceLimits = DEFAULT_SOURCE_LIMITS) -> Rows:
    """The name of each entry, and the code of its refusal or ""."""
    return rows(list(ArchiveSource(path, limits).entries()))


def rows(entries: list[Entry]) -> Rows:
    return [(entry.name, entry.code if isinstance(entry, RefusedEntry) else "") for entry in entries]


def contents(path: Path) -> dict[str, bytes]:
    return {entry.name: entry.data for entry in ArchiveSource(path).entries() if isinstance(entry, MemberEntry)}


def files(entries: list[Entry]) -> list[FileEntry]:
    return [entry for entry in entries if isinstance(entry, FileEntry)]


def tar_member(
    name: str, data: bytes = b"photo", kind: bytes = tarfile.REGTYPE, link: str = ""
) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    info.size = len(data) if kind == tarfile.REGTYPE else 0
    return info, data


def write_tar(path: Path, *members: tuple[tarfile.TarInfo, bytes], packed: str = "") -> Path:
    with tarfile.open(path, f"w:{packed}") as archive:  # type: ignore[call-overload]  # the mode is built
        for info, data in members:
            archive.addfile(info, io.BytesIO(data))
    return path


def write_zip(path: Path, members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path
