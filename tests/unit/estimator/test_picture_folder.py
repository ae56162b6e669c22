from pathlib import Path

from attrai_estimator.picture_folder import PictureFolder


def test_a_picture_is_named_for_its_photo(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "out"
    assert PictureFolder(folder, []).write(Path("a/photo.heic"), b"picture") == folder / "photo.jpg"
    assert (folder / "photo.jpg").read_bytes() == b"picture"


def test_photos_of_one_name_get_pictures_of_their_own(tmp_path: Path) -> None:
    pictures = PictureFolder(tmp_path, [])
    written = [pictures.write(Path(name), name.encode()) for name in ("a/x.jpg", "b/x.png", "c/x.jpg", "c/x-2.jpg")]
    assert [path.name for path in written] == ["x.jpg", "x-2.jpg", "x-3.jpg", "x-2-2.jpg"]
    assert written[0].read_bytes() == b"a/x.jpg"


def test_no_photo_is_overwritten_by_a_picture(tmp_path: Path) -> None:
    photo, other = tmp_path / "x.jpg", tmp_path / "y.jpg"
    photo.write_bytes(b"photo")
    other.symlink_to(photo)
    pictures = PictureFolder(tmp_path, [photo])
    assert pictures.write(photo, b"picture") == tmp_path / "x-2.jpg"
    assert pictures.write(Path("elsewhere/y.png"), b"picture") == tmp_path / "y-2.jpg"
    assert photo.read_bytes() == b"photo"


def test_a_second_run_replaces_the_pictures_of_the_first(tmp_path: Path) -> None:
    for content in (b"first", b"second"):
        PictureFolder(tmp_path, []).write(Path("x.png"), content)
    assert [path.name for path in tmp_path.iterdir()] == ["x.jpg"]
    assert (tmp_path / "x.jpg").read_bytes() == b"second"
