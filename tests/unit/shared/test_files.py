import stat
from pathlib import Path

import pytest
from attrai_shared.files import PARTIAL_SUFFIX, atomic_write


@pytest.mark.parametrize("concurrent", [False, True])
def test_a_file_appears_when_it_is_complete(tmp_path: Path, concurrent: bool) -> None:
    path = tmp_path / "name"
    path.write_bytes(b"old")
    with atomic_write(path, durable=True, concurrent=concurrent) as file:
        file.write(b"new")
        file.flush()
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "name"
    path.write_bytes(b"old")
    with pytest.raises(ValueError, match="halfway"), atomic_write(path) as file:
        file.write(b"new")
        raise ValueError("halfway")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_leftover_of_a_killed_writer_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "name"
    (tmp_path / f"name{PARTIAL_SUFFIX}").write_bytes(b"left by a killed process")
    with atomic_write(path, mode=0o600) as file:
        file.write(b"new")
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_concurrent_writers_do_not_touch_each_others_files(tmp_path: Path) -> None:
    path = tmp_path / "name"
    with atomic_write(path, concurrent=True) as first, atomic_write(path, concurrent=True) as second:
        second.write(b"second")
        first.write(b"first")
    assert path.read_bytes() == b"first"
    assert list(tmp_path.iterdir()) == [path]
