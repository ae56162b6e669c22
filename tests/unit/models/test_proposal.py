"""The proposal network: its targets by MTCNN, its training, its export and its comparison with MTCNN."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from attrai_estimator.networks import DetectorNetworks
from attrai_estimator.networks.load import PROPOSAL
from attrai_estimator.networks.manifest import read_manifest
from attrai_estimator.networks.openvino_runtime import OpenVinoNetwork
from attrai_estimator.settings import WORKSPACE_MODELS
from attrai_estimator.steps.atlas import CELL, STRIDE, TILE, make_atlas
from attrai_estimator.steps.boxes import regress
from attrai_estimator.steps.detect import SMALLEST_FACE, detect
from attrai_estimator.steps.pyramid import halves, level, scales
from attrai_estimator.values import Box
from attrai_models.data.ratings import list_unrated, trains_proposal
from attrai_models.evaluation.detection import intersection_over_union
from attrai_models.evaluation.proposal_comparison import comparison_table, unseen_photos
from attrai_models.export.mtcnn import MTCNN_NORMALIZATION, load_mtcnn
from attrai_models.export.proposal import export_proposal
from attrai_models.networks.proposal import Proposal
from attrai_models.training.checkpoints import CheckpointMismatch
from attrai_models.training.proposal_augmentation import random_view
from attrai_models.training.proposal_dataset import ProposalDataset, read_proposal_dataset
from attrai_models.training.proposal_targets import proposal_targets
from attrai_models.training.train_proposal import (
    PROPOSAL_CHECKPOINT_FILE,
    TRAINED_PROPOSAL_FILE,
    ProposalHyperparameters,
    ProposalTraining,
    offset_loss,
    probability_loss,
    train_proposal,
)
from PIL import Image

from tests.unit.models.faces import photo_of, portrait

pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore::DeprecationWarning")]  # the exporter's own

PEOPLE = ("Ada", "Ben", "Cleo", "Dan", "Eve", "Fay", "Gus", "Hal", "Ida", "Jo")
FACE_CELL = 0.5
"""The target probability from which a cell should lead to a face."""
PARAMETERS = ProposalHyperparameters(steps=4, batch=2, checkpoint_interval=2)


@pytest.fixture(scope="module")
def mtcnn(tmp_path_factory: pytest.TempPathFactory) -> DetectorNetworks:
    return load_mtcnn(tmp_path_factory.mktemp("mtcnn"))


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like LFW: photos of ten people, of whom about half train the network."""
    folder = tmp_path_factory.mktemp("people")
    for name in PEOPLE:
        (folder / "images" / name).mkdir(parents=True)
        portrait().crop((100, 0, 350, 250)).save(folder / "images" / name / f"{name}_0001.jpg", quality=95)
    return folder


def random_network() -> Proposal:
    torch.manual_seed(5)
    return Proposal().eval()


def test_a_cell_depends_on_all_of_its_own_pixels_and_no_others() -> None:
    network, (row, column) = random_network(), (3, 7)
    pixels = torch.rand(1, 3, TILE, TILE, requires_grad=True)
    _, logits = network.offsets_and_logits(pixels)
    assert logits.shape[2:] == (TILE // STRIDE - 2,) * 2
    logits[0, 1, row, column].backward()
    assert pixels.grad is not None
    seen = pixels.grad[0].abs().sum(dim=0).nonzero()
    first, last = seen.min(dim=0).values.tolist(), seen.max(dim=0).values.tolist()
    assert first == [STRIDE * row, STRIDE * column]
    assert last == [STRIDE * row + CELL - 1, STRIDE * column + CELL - 1]


def test_the_exported_network_equals_the_trained_one(tmp_path: Path) -> None:
    network = random_network()
    torch.save(network.state_dict(), tmp_path / TRAINED_PROPOSAL_FILE)
    export_proposal(tmp_path / TRAINED_PROPOSAL_FILE, tmp_path)
    record = read_manifest(tmp_path).record(PROPOSAL)
    shipped = OpenVinoNetwork(tmp_path / record.file, record.normalization, "f32")
    pixels = np.random.default_rng(0).integers(0, 256, (2, 60, 44, 3), dtype=np.uint8)
    with torch.inference_mode():
        expected = network(torch.from_numpy(MTCNN_NORMALIZATION(pixels)))
    for found, wanted in zip(shipped(pixels), expected, strict=True):
        np.testing.assert_allclose(found, wanted.numpy(), atol=1e-4)


def test_targets_of_cells_on_a_face_lead_to_it(mtcnn: DetectorNetworks) -> None:
    """On one level of the pyramid, so that a cell has the same place on its tile as in the picture."""
    (whole,) = detect(photo_of(portrait()), mtcnn)
    picture = portrait().resize((TILE, TILE), Image.Resampling.BOX)
    face = np.array([whole.box.x0, whole.box.y0, whole.box.x1, whole.box.y1]) * TILE / 512
    made = proposal_targets(picture, mtcnn)
    assert made is not None
    at = scales(*picture.size, SMALLEST_FACE)
    atlas = make_atlas(tuple(level(halves(picture), scale).shape[1::-1] for scale in at))
    cells = np.nonzero(made.face_probability >= FACE_CELL)
    assert len(cells[0]) >= 3
    boxes, within = atlas.windows(cells, at)
    assert within.all()
    tile, row, column = cells
    led = regress(boxes, made.offsets[tile, :, row, column].astype(np.float32))
    assert np.median([intersection_over_union(Box(*one), Box(*face)) for one in led.tolist()]) > 0.7
    assert np.median([intersection_over_union(Box(*one), Box(*face)) for one in boxes.tolist()]) < 0.7
    assert made.face_probability[made.face_probability >= 0].mean() < 0.1


def test_cells_outside_the_picture_have_no_targets(mtcnn: DetectorNetworks) -> None:
    made = proposal_targets(Image.new("RGB", (40, 60), "grey"), mtcnn)
    assert made is not None
    assert made.tiles.shape[1:] == (TILE, TILE, 3)
    known = made.face_probability >= 0
    assert 0 < known.sum() < known.size / 4
    assert made.face_probability.max() < FACE_CELL
    assert proposal_targets(Image.new("RGB", (20, 20)), mtcnn) is None


def test_targets_follow_mtcnns_first_network_for_a_face_over_the_border_and_else_its_second(
    mtcnn: DetectorNetworks,
) -> None:
    whole = portrait().resize((256, 256))
    (face,) = detect(photo_of(whole), mtcnn)
    cut = whole.crop((round(face.box.x0 + face.box.width / 4), 0, 256, 256))
    assert follows_first_network(whole, mtcnn).mean() < 0.5
    assert follows_first_network(cut, mtcnn).mean() > 0.5


def follows_first_network(picture: Image.Image, mtcnn: DetectorNetworks) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """For each cell on a face: whether its offsets are those of the first network."""
    made = proposal_targets(picture, mtcnn)
    assert made is not None
    tile, row, column = np.nonzero(made.face_probability >= FACE_CELL)
    assert len(tile)
    offsets, _ = mtcnn.proposal(made.tiles)
    wanted = made.offsets[tile, :, row, column]
    alike: np.ndarray[tuple[int], np.dtype[np.bool_]] = (
        np.abs(wanted - offsets[tile, :, row, column]).max(axis=1) < 0.01
    )
    return alike


def test_random_views_are_reproducible_differ_and_mostly_show_a_face(mtcnn: DetectorNetworks) -> None:
    photo = portrait().crop((100, 0, 350, 250))
    views = [random_view(photo, np.random.default_rng(seed)) for seed in range(12)]
    assert random_view(photo, np.random.default_rng(3)).tobytes() == views[3].tobytes()
    assert len({one.size for one in views}) > 8
    assert sum(bool(detect(photo_of(one), mtcnn)) for one in views) >= 8


def test_the_dataset_has_half_of_the_people_and_is_made_once(people: Path, tmp_path: Path) -> None:
    learned = [one for one in list_unrated(people) if trains_proposal(one.file)]
    assert 0 < len(learned) < len(PEOPLE)
    made = read_proposal_dataset(people, tmp_path, rounds=2)
    written = {file: file.stat().st_mtime_ns for file in tmp_path.glob("lessons_*.npy")}
    again = read_proposal_dataset(people, tmp_path, rounds=2)
    assert {file: file.stat().st_mtime_ns for file in tmp_path.glob("lessons_*.npy")} == written
    assert len(written) == 2 * 3
    assert len(made) == len(again) == sum(len(one.tiles) for one in made.rounds) > len(learned)
    rows = np.array([len(made) - 1, 0])
    np.testing.assert_array_equal(made.rows(rows).tiles[0], made.rounds[0].tiles[0])
    np.testing.assert_array_equal(made.rows(rows).tiles[1], again.rounds[1].tiles[-1])


def test_a_dataset_made_by_other_code_is_not_used(
    people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = read_proposal_dataset(people, tmp_path, rounds=1)
    monkeypatch.setattr("attrai_models.training.proposal_dataset.SOURCE_CHECKSUM", "others")
    assert read_proposal_dataset(people, tmp_path, rounds=1).identity != made.identity
    assert len(list(tmp_path.glob("lessons_*.npy"))) == 2 * 3


def test_a_folder_without_people_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no photos, in folders by people's names"):
        read_proposal_dataset(tmp_path / "lfw_dev", tmp_path / "cache")


@pytest.fixture(scope="module")
def dataset(people: Path, tmp_path_factory: pytest.TempPathFactory) -> ProposalDataset:
    return read_proposal_dataset(people, tmp_path_factory.mktemp("dataset"), rounds=2)


def test_an_interrupted_training_ends_as_an_uninterrupted_one(dataset: ProposalDataset, tmp_path: Path) -> None:
    train_proposal(ProposalTraining(PARAMETERS, dataset), tmp_path / "through")
    stopped = ProposalTraining(PARAMETERS, dataset)
    (tmp_path / "stopped").mkdir()
    for _ in range(2):
        stopped.step()
    stopped.save(tmp_path / "stopped" / PROPOSAL_CHECKPOINT_FILE)
    train_proposal(ProposalTraining(PARAMETERS, dataset), tmp_path / "stopped")
    through, resumed = (
        torch.load(tmp_path / one / TRAINED_PROPOSAL_FILE, weights_only=True) for one in ("through", "stopped")
    )
    assert all(torch.equal(through[name], resumed[name]) for name in through)


def test_the_loss_falls(dataset: ProposalDataset) -> None:
    taught = ProposalTraining(replace(PARAMETERS, steps=60, batch=8), dataset)
    losses = [taught.step() for _ in range(60)]
    assert 0 < sum(losses[-5:]) < 0.6 * sum(losses[:5])


def test_cells_outside_the_picture_have_no_gradient() -> None:
    face_probability = torch.tensor([[[0.9, -1.0]]])
    logits, offsets = torch.zeros(1, 2, 1, 2, requires_grad=True), torch.zeros(1, 4, 1, 2, requires_grad=True)
    (
        probability_loss(logits, face_probability) + offset_loss(offsets, torch.ones(1, 4, 1, 2), face_probability)
    ).backward()
    for output in (logits, offsets):
        assert output.grad is not None
        assert output.grad[..., 0].abs().min() > 0
        assert output.grad[..., 1].abs().max() == 0


def test_a_checkpoint_of_another_recipe_is_refused(dataset: ProposalDataset, tmp_path: Path) -> None:
    ProposalTraining(PARAMETERS, dataset).save(tmp_path / PROPOSAL_CHECKPOINT_FILE)
    with pytest.raises(CheckpointMismatch, match="another recipe"):
        ProposalTraining(replace(PARAMETERS, steps=9), dataset).resume(tmp_path / PROPOSAL_CHECKPOINT_FILE)


def test_it_is_compared_with_mtcnn_on_people_it_was_not_trained_on(people: Path) -> None:
    files = unseen_photos(people)
    assert len(files) >= 2
    assert not any(trains_proposal(str(file)) for file in files)
    *_, first, second = comparison_table({"all": files, "one": files[:1]}, WORKSPACE_MODELS)
    crops = []
    for row, named, photos in ((first, "all", len(files)), (second, "one", 1)):
        name, *numbers, its_crops, our_crops = (cell.strip() for cell in row.strip("|").split("|"))
        assert (name, *numbers) == (named, *[str(photos)] * 4, f"{photos} of {photos}")
        crops.append((float(its_crops), float(our_crops)))
    assert crops[0] == crops[1]  # a photo: they are all the same
    assert 0 < crops[0][1] < crops[0][0]
