"""`attrai-models train --ratings`: from a user's folder of photos to a scorer that the estimator runs."""

import shutil
from pathlib import Path

import pytest
from attrai_estimator.networks.load import load_networks
from attrai_estimator.settings import WORKSPACE_MODELS
from attrai_estimator.steps.align import align
from attrai_estimator.steps.decode import decode
from attrai_estimator.steps.detect import detect
from attrai_estimator.steps.score import score
from attrai_models.__main__ import app
from attrai_models.data.own_ratings import RatingsError
from PIL import Image, ImageEnhance
from typer.testing import CliRunner

from tests.unit.models.faces import portrait

pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore")]  # the exporter's own

COUNT = 22
EXIF_ROTATED = 6
"""The EXIF orientation of a photo that must be turned by a quarter."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One face in brighter and brighter pictures, with rising ratings; one is a PNG, one is rotated by EXIF."""
    folder = tmp_path / "ratings"
    folder.mkdir()
    lines = ["file,score"]
    for number in range(COUNT):
        name = f"{number}.png" if number == 3 else f"{number}.jpg"
        image = ImageEnhance.Brightness(portrait().resize((256, 256))).enhance(0.5 + number / COUNT)
        exif = Image.Exif()
        if number == 4:
            image = image.rotate(90)
            exif[274] = EXIF_ROTATED
        image.save(folder / name, exif=exif)
        lines.append(f"{name},{1 + 4 * number / COUNT:.2f}")
    (folder / "ratings.csv").write_text("\n".join(lines))
    return folder


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, [*arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_a_scorer_is_trained_exported_and_chosen_by_its_name(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("attrai_models.training.teacher.DISTILLATION_STEPS", 10)
    out, models = str(tmp_path / "out"), tmp_path / "models"
    shutil.copytree(WORKSPACE_MODELS / "weights", models / "weights")
    shutil.copy(WORKSPACE_MODELS / "manifest.json", models)
    output = run("train", "--ratings", str(folder), "--out", out, "--steps", "2", "--models", str(models))
    assert "22 rated photos, on a scale of 1 to 5" in output
    run("export", "--out", out, "--name", "mine", "--models", str(models))
    networks = load_networks(models, scorer="mine")
    photo = decode((folder / "4.jpg").read_bytes())
    scores = score(align(photo, detect(photo, networks.detector), networks.scorer.template), networks.scorer)
    assert len(scores) >= 1
    assert all(1 <= found <= 10 for found in scores)


def test_unreadable_photos_and_photos_without_a_face_are_listed(folder: Path, tmp_path: Path) -> None:
    Image.new("RGB", (200, 200), "grey").save(folder / "7.jpg")
    (folder / "9.jpg").write_bytes(b"no picture")
    arguments = ["train", "--ratings", str(folder), "--out", str(tmp_path / "out"), "--models", str(WORKSPACE_MODELS)]
    with pytest.raises(RatingsError) as refused:
        run(*arguments)
    assert str(refused.value).splitlines() == [
        "7.jpg: no face is found on it",
        "9.jpg: the file is no JPEG, PNG, WebP, HEIC or GIF",
    ]


def test_a_training_needs_a_folder(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["train", "--out", str(tmp_path)])
    assert result.exit_code != 0
    assert "name one of --data and --ratings" in result.output
