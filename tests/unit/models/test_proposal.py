"""The proposal network, and what it is taught: what MTCNN's three networks say together of each cell."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from attrai_estimator.networks import DetectorNetworks
from attrai_estimator.networks.load import PROPOSAL
from attrai_estimator.networks.manifest import read_manifest
from attrai_estimator.networks.openvino_runtime import OpenVinoNetwork
from attrai_estimator.steps.detect import detect
from attrai_estimator.steps.pyramid import scales
from attrai_estimator.steps.sheet import CELL, STRIDE, TILE
from attrai_models.mtcnn import NORMALIZATION, all_of_mtcnn
from attrai_models.proposal.lessons import Lessons, read_lessons
from attrai_models.proposal.network import Proposal
from attrai_models.proposal.shipping import export_proposal
from attrai_models.proposal.teachers import lesson
from attrai_models.proposal.train import CHECKPOINT, TAUGHT, ProposalRecipe, ProposalTraining, teach
from attrai_models.proposal.views import view
from attrai_models.ratings import list_unrated, teaches_detection
from attrai_models.train import AnotherTraining
from PIL import Image

from tests.unit.models.faces import photo_of, portrait

pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore::DeprecationWarning")]  # the exporter's own

LIKELY = 0.5
"""What is said of a cell that should lead to a face."""
RECIPE = ProposalRecipe(steps=4, batch=2, kept_each=2)


@pytest.fixture(scope="module")
def teachers(tmp_path_factory: pytest.TempPathFactory) -> DetectorNetworks:
    return all_of_mtcnn(tmp_path_factory.mktemp("mtcnn"))


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of photos, as LFW is: of six people, of whom about half are learned from."""
    folder = tmp_path_factory.mktemp("people")
    for name in ("Ada", "Ben", "Cleo", "Dan", "Eve", "Fay"):
        (folder / "images" / name).mkdir(parents=True)
        portrait().crop((100, 0, 350, 250)).save(folder / "images" / name / f"{name}_0001.jpg", quality=95)
    return folder


def random_network() -> Proposal:
    torch.manual_seed(5)
    return Proposal().eval()


def test_a_cell_sees_its_own_pixels_and_all_of_them() -> None:
    network, (row, column) = random_network(), (3, 7)
    pixels = torch.rand(1, 3, TILE, TILE, requires_grad=True)
    _, logits = network.said(pixels)
    assert logits.shape[2:] == (TILE // STRIDE - 2,) * 2
    logits[0, 1, row, column].backward()
    assert pixels.grad is not None
    seen = pixels.grad[0].abs().sum(dim=0).nonzero()
    first, last = seen.min(dim=0).values.tolist(), seen.max(dim=0).values.tolist()
    assert first == [STRIDE * row, STRIDE * column]
    assert last == [STRIDE * row + CELL - 1, STRIDE * column + CELL - 1]


def test_what_is_exported_says_what_was_taught(tmp_path: Path) -> None:
    network = random_network()
    torch.save(network.state_dict(), tmp_path / TAUGHT)
    export_proposal(tmp_path / TAUGHT, tmp_path)
    record = read_manifest(tmp_path).record(PROPOSAL)
    shipped = OpenVinoNetwork(tmp_path / record.file, record.normalization, "f32")
    pixels = np.random.default_rng(0).integers(0, 256, (2, 60, 44, 3), dtype=np.uint8)
    with torch.inference_mode():
        expected = network(torch.from_numpy(NORMALIZATION(pixels)))
    for found, wanted in zip(shipped(pixels), expected, strict=True):
        np.testing.assert_allclose(found, wanted.numpy(), atol=1e-4)


def test_cells_on_a_face_are_to_lead_to_it(teachers: DetectorNetworks) -> None:
    picture = portrait().resize((256, 256))
    (face,) = detect(photo_of(picture), teachers)
    made = lesson(picture, teachers)
    assert made is not None
    tile, row, column = np.nonzero(made.likely >= LIKELY)
    assert len(tile) >= 3
    offsets = made.offsets[tile, :, row, column].astype(float)
    widths = 1 + offsets[:, 2] - offsets[:, 0]  # of the cell's side
    levels = CELL / np.array(scales(*picture.size, 24))
    nearest = np.abs(widths[:, np.newaxis] * levels - face.box.width).min(axis=1)
    assert np.median(nearest) < 0.1 * face.box.width
    assert made.likely[made.likely >= 0].mean() < 0.1


def test_where_there_is_no_picture_nothing_is_learned(teachers: DetectorNetworks) -> None:
    made = lesson(Image.new("RGB", (40, 60), "grey"), teachers)
    assert made is not None
    assert made.tiles.shape[1:] == (TILE, TILE, 3)
    known = made.likely >= 0
    assert 0 < known.sum() < known.size / 4
    assert made.likely.max() < LIKELY
    assert lesson(Image.new("RGB", (20, 20)), teachers) is None


def test_a_face_over_the_border_is_shown_as_mtcnns_first_network_has_it_and_others_as_its_second(
    teachers: DetectorNetworks,
) -> None:
    whole = portrait().resize((256, 256))
    (face,) = detect(photo_of(whole), teachers)
    half = whole.crop((round((face.box.x0 + face.box.x1) / 2), 0, 256, 256))
    assert as_the_first(whole, teachers).mean() < 0.5
    assert as_the_first(half, teachers).all()


def as_the_first(picture: Image.Image, teachers: DetectorNetworks) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Of each cell that should lead to a face: whether to where the first network says."""
    made = lesson(picture, teachers)
    assert made is not None
    tile, row, column = np.nonzero(made.likely >= LIKELY)
    offsets, _ = teachers.proposal(made.tiles)
    wanted = made.offsets[tile, :, row, column]
    alike: np.ndarray[tuple[int], np.dtype[np.bool_]] = (
        np.abs(wanted - offsets[tile, :, row, column]).max(axis=1) < 0.01
    )
    return alike


def test_views_differ_by_chance_alone_and_hold_a_face_mostly(teachers: DetectorNetworks) -> None:
    photo = portrait().crop((100, 0, 350, 250))
    views = [view(photo, np.random.default_rng(seed)) for seed in range(12)]
    assert view(photo, np.random.default_rng(3)).tobytes() == views[3].tobytes()
    assert len({one.size for one in views}) > 8
    assert sum(bool(detect(photo_of(one), teachers)) for one in views) >= 8


def test_half_of_the_people_are_learned_from_and_their_lessons_kept(
    people: Path, teachers: DetectorNetworks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learned = [one for one in list_unrated(people) if teaches_detection(one.file)]
    assert 0 < len(learned) < 6
    made = read_lessons(people, teachers, tmp_path, rounds=2)
    again = read_lessons(people, replace(teachers, proposal=never), tmp_path, rounds=2)
    assert len(made) == len(again) == sum(len(one.tiles) for one in made.rounds) > len(learned)
    rows = np.array([len(made) - 1, 0])
    np.testing.assert_array_equal(made.rows(rows).tiles[0], made.rounds[0].tiles[0])
    np.testing.assert_array_equal(made.rows(rows).tiles[1], again.rounds[1].tiles[-1])


def never(_: object, /) -> tuple[np.ndarray, ...]:
    raise AssertionError("the lessons were there")


def test_a_folder_without_people_is_said_so(teachers: DetectorNetworks, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no photos of people"):
        read_lessons(tmp_path, teachers, tmp_path / "cache")


@pytest.fixture(scope="module")
def lessons(people: Path, teachers: DetectorNetworks, tmp_path_factory: pytest.TempPathFactory) -> Lessons:
    return read_lessons(people, teachers, tmp_path_factory.mktemp("lessons"), rounds=2)


def test_an_interrupted_teaching_ends_as_one_that_ran_through(lessons: Lessons, tmp_path: Path) -> None:
    teach(ProposalTraining(RECIPE, lessons), tmp_path / "through")
    stopped = ProposalTraining(RECIPE, lessons)
    (tmp_path / "stopped").mkdir()
    for _ in range(2):
        stopped.step()
    stopped.save(tmp_path / "stopped" / CHECKPOINT)
    teach(ProposalTraining(RECIPE, lessons), tmp_path / "stopped")
    through, resumed = (torch.load(tmp_path / one / TAUGHT, weights_only=True) for one in ("through", "stopped"))
    assert all(torch.equal(through[name], resumed[name]) for name in through)


def test_it_learns(lessons: Lessons) -> None:
    taught = ProposalTraining(replace(RECIPE, steps=60, batch=8), lessons)
    losses = [taught.step() for _ in range(60)]
    assert sum(losses[-5:]) < 0.6 * sum(losses[:5])


def test_a_checkpoint_of_another_recipe_is_not_gone_on_with(lessons: Lessons, tmp_path: Path) -> None:
    ProposalTraining(RECIPE, lessons).save(tmp_path / CHECKPOINT)
    with pytest.raises(AnotherTraining, match="another recipe"):
        ProposalTraining(replace(RECIPE, steps=9), lessons).resume(tmp_path / CHECKPOINT)
