import os
import tempfile
from pathlib import Path

import pytest
from attrai_local.valkey import SOCKET_PATH_LIMIT
from attrai_playground.folders import make_folders, read_secrets


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_folders_are_accessible_to_the_owner_alone(short: Path, tmp_path: Path) -> None:
    folders = make_folders(tmp_path / "state")
    for folder in (folders.runtime, folders.photos, folders.valkey, folders.bot_api, folders.logs, folders.temporary):
        assert folder.stat().st_mode & 0o777 == 0o700, folder


def test_without_a_state_folder_everything_is_temporary(short: Path) -> None:
    folders = make_folders(None)
    assert folders.photos.is_relative_to(folders.runtime)
    assert [path.name for path in short.iterdir()] == [folders.runtime.name]


def test_the_sockets_path_is_short_even_in_a_long_temporary_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    long = tmp_path / ("x" * 90)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    folders = make_folders(tmp_path / "state")
    try:
        assert len(os.fsencode(folders.socket)) <= SOCKET_PATH_LIMIT
        assert list(long.iterdir()) == []
    finally:
        folders.temporary.rmdir()
        folders.runtime.rmdir()


def test_secrets_are_generated_once_and_readable_by_the_owner_alone(tmp_path: Path) -> None:
    made = read_secrets(tmp_path)
    assert read_secrets(tmp_path) == made
    assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secrets.json"]
    other = tmp_path / "other"
    other.mkdir()
    assert read_secrets(other) != made
