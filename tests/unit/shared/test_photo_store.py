import os
from pathlib import Path

import pytest
from attrai_shared.errors import RefusedName, StoreUnavailable
from attrai_shared.photo_store import Part, PhotoStore, new_request_id
from hypothesis import given
from hypothesis import strategies as st

ID = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def store(tmp_path: Path) -> PhotoStore:
    return PhotoStore(tmp_path)


def test_written_files_can_be_read(store: PhotoStore) -> None:
    store.write(ID, Part.SOURCE, b"photo")
    assert store.read(ID, Part.SOURCE) == b"photo"
    assert store.read(ID, Part.PICTURE) is None


def test_a_file_appears_whole_or_not_at_all(store: PhotoStore, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="halfway"), store.writing(ID, Part.SOURCE) as file:
        file.write(b"half a photo")
        assert store.read(ID, Part.SOURCE) is None
        raise ValueError("halfway")
    assert list(tmp_path.iterdir()) == []


def test_a_second_write_replaces_the_first(store: PhotoStore) -> None:
    store.write(ID, Part.OUTCOME, b"first")
    store.write(ID, Part.OUTCOME, b"second")
    assert store.read(ID, Part.OUTCOME) == b"second"


def test_delete_takes_all_of_a_request_and_nothing_of_another(store: PhotoStore, tmp_path: Path) -> None:
    other = new_request_id()
    for part in Part:
        store.write(ID, part, b"x")
    (tmp_path / f"{ID}.source.0badcafe.partial").write_bytes(b"left by a killed process")
    store.write(other, Part.SOURCE, b"y")
    store.delete(ID)
    assert [path.name for path in tmp_path.iterdir()] == [f"{other}.source"]


def test_delete_of_one_part_leaves_the_others(store: PhotoStore) -> None:
    store.write(ID, Part.SOURCE, b"x")
    store.write(ID, Part.PICTURE, b"y")
    store.delete(ID, Part.SOURCE)
    assert (store.read(ID, Part.SOURCE), store.read(ID, Part.PICTURE)) == (None, b"y")


@given(st.text())
def test_no_name_is_a_path_outside_the_store(name: str) -> None:
    for refused in (name, f"../{name}", f"{ID}/{name}", f"{ID}\n"):
        with pytest.raises(RefusedName):
            PhotoStore(Path("nowhere")).read(refused, Part.SOURCE)
        with pytest.raises(RefusedName):
            PhotoStore(Path("nowhere")).delete(refused)


def test_orphans_are_requests_whose_newest_file_is_old(store: PhotoStore, tmp_path: Path) -> None:
    young, old = new_request_id(), new_request_id()
    for request_id in (young, old):
        store.write(request_id, Part.SOURCE, b"x")
        os.utime(tmp_path / f"{request_id}.source", (1, 1))
    store.write(young, Part.PICTURE, b"x")
    (tmp_path / "README").write_text("not ours")
    assert store.orphans(older_than=3600) == {old}


def test_a_missing_store_is_unavailable(tmp_path: Path) -> None:
    store = PhotoStore(tmp_path / "gone")
    with pytest.raises(StoreUnavailable):
        store.write(ID, Part.SOURCE, b"x")
    with pytest.raises(StoreUnavailable):
        store.orphans(older_than=1)
