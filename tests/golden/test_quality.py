"""Quality limits on real faces: good photos keep their score in every group; spoilt photos do not."""

import csv
from pathlib import Path

import pytest
from attrai_estimator.networks.load import load_detector
from attrai_estimator.networks.network import DetectorNetworks
from attrai_estimator.settings import WORKSPACE_MODELS
from attrai_estimator.steps.decode import decode
from attrai_estimator.steps.detect import detect
from attrai_estimator.steps.quality import assess
from attrai_estimator.values import Detection, Photo, Quality
from PIL import ImageFilter

pytestmark = pytest.mark.golden

OF_EACH_GROUP = 10
Seen = list[tuple[Photo, Detection]]


@pytest.fixture(scope="module")
def detector() -> DetectorNetworks:
    return load_detector(WORKSPACE_MODELS)


@pytest.fixture(scope="module")
def portraits(data_folder: Path, detector: DetectorNetworks) -> Seen:
    """The largest face of as many portraits of each of MEBeauty's six groups."""
    groups: dict[str, list[Path]] = {}
    with (data_folder / "mebeauty" / "ratings.csv").open(newline="") as lines:
        for row in csv.DictReader(lines):
            groups.setdefault(row["ethnicity"], []).append(data_folder / "mebeauty" / row["file"])
    files = [file for group in groups.values() for file in group[:: len(group) // OF_EACH_GROUP][:OF_EACH_GROUP]]
    return [_seen(file, detector) for file in files]


def _seen(file: Path, detector: DetectorNetworks) -> tuple[Photo, Detection]:
    photo = decode(file.read_bytes())
    return photo, max(detect(photo, detector), key=lambda detection: detection.box.width)


def _spoilt(photo: Photo, detection: Detection, blur: float, light: float) -> Quality:
    image = photo.image.filter(ImageFilter.GaussianBlur(blur * detection.box.width))
    dim = image.point(lambda value: int(value * light))
    return assess(Photo(dim, photo.width, photo.height), detection)


def test_hardly_any_good_portrait_is_gated_and_none_for_its_skin(portraits: Seen) -> None:
    reasons = [assess(photo, detection).reasons for photo, detection in portraits]
    assert len(reasons) == 6 * OF_EACH_GROUP
    assert sum(map(bool, reasons)) <= 2
    assert not any({"too_dark", "blurred", "too_small"} & set(found) for found in reasons)


def test_blurred_and_dark_portraits_are_gated(portraits: Seen) -> None:
    blurred = [_spoilt(photo, detection, blur=0.04, light=1).reasons for photo, detection in portraits]
    dark = [_spoilt(photo, detection, blur=0, light=0.12).reasons for photo, detection in portraits]
    assert all("blurred" in found for found in blurred)
    assert all("too_dark" in found for found in dark)
