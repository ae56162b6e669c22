from pathlib import Path

import pytest
from PIL import Image

from benchmarks.estimator.photos import samples, smallest_face, varied

PORTRAIT = Image.linear_gradient("L").convert("RGB")


def size(file: Path) -> tuple[int, int]:
    with Image.open(file) as photo:
        return photo.size


def test_each_size_comes_with_one_four_and_twenty_portraits(tmp_path: Path) -> None:
    found = samples(PORTRAIT, tmp_path, ((80, 60), (40, 40)))
    assert [one.name for one in found[:3]] == ["80x60, 1 face", "80x60, 4 faces", "80x60, 20 faces"]
    assert [size(one.file) for one in found] == [(80, 60)] * 3 + [(40, 40)] * 3


def test_portraits_fill_the_photo(tmp_path: Path) -> None:
    four = samples(Image.new("RGB", (50, 50), "white"), tmp_path, ((81, 61),))[1]
    with Image.open(four.file) as photo:
        assert photo.convert("L").getextrema() == (255, 255)


def test_varied_photos_are_the_same_in_each_run(tmp_path: Path) -> None:
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        folder.mkdir()
    first, second = (varied(PORTRAIT, folder, count=3) for folder in folders)
    assert [file.read_bytes() for file in first] == [file.read_bytes() for file in second]
    assert len({size(file) for file in first}) == 3


@pytest.mark.parametrize(("width", "height", "pixels"), [(250, 250, 24), (1280, 960, 24), (3000, 4000, 60)])
def test_a_large_photos_smallest_face_is_a_share_of_it(width: int, height: int, pixels: float) -> None:
    assert smallest_face(width, height) == pytest.approx(pixels)
