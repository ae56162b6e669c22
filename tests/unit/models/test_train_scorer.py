"""Training of a scorer on generated pictures: it learns, it can be interrupted, and it is reproducible."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from attrai_models.data.dataset import ScorerDataset, batch_rows
from attrai_models.data.ratings import MEBEAUTY, SCUT, Portrait, photos_digest
from attrai_models.data.training_data import TrainingData
from attrai_models.networks.trunks import RESNET34, Trunk
from attrai_models.training.checkpoints import CheckpointMismatch
from attrai_models.training.hyperparameters import SCORER_HYPERPARAMETERS, ScorerHyperparameters
from attrai_models.training.train_scorer import ScorerTraining, train_scorer
from attrai_models.training.validation import predict
from torch import Tensor, nn

pytestmark = pytest.mark.torch

SMALL_RESNET34: Trunk = replace(RESNET34, template=replace(RESNET34.template, size=32), margin=4)
PARAMETERS = ScorerHyperparameters(
    steps=4, batch=(6, 4), rate=1e-3, ema_decay=0.5, imitation_weight=0.1, checkpoint_interval=2
)
CPU = torch.device("cpu")


def tiny_network() -> nn.Module:
    """Like ResNet34 in kind (convolution, batch normalization, pooling), for steps of milliseconds."""
    layers = [nn.Conv2d(3, 16, 5, 3), nn.BatchNorm2d(16), nn.ReLU(), nn.Conv2d(16, 32, 3, 2), nn.ReLU()]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())


TINY: Trunk = replace(SMALL_RESNET34, name="tiny", build=tiny_network, features=32)


def generated(name: str, column: int, count: int = 24) -> ScorerDataset:
    """Noise with more and more red; the redder, the better rated."""
    draw = torch.Generator().manual_seed(column)
    pixels = torch.randint(0, 100, (count, 3, 40, 40), dtype=torch.uint8, generator=draw)
    red = torch.linspace(0, 150, count)
    pixels[:, 0] += red.to(torch.uint8)[:, None, None]
    ratings = torch.full((count, 2), float("nan"))
    ratings[:, column] = 1 + red / 40
    portraits = [Portrait(f"{row}.png", "train", float(ratings[row, column]), "") for row in range(count)]
    features = torch.randn(count, 1408, generator=draw)
    features[:, :300] += (red / 50)[:, None]
    return ScorerDataset(name, portraits, pixels, ratings, features)


@pytest.fixture(scope="module")
def datasets() -> list[ScorerDataset]:
    return [generated(MEBEAUTY.name, 0), generated(SCUT.name, 1)]


def training_data(datasets: list[ScorerDataset]) -> TrainingData:
    return TrainingData(datasets, datasets, datasets, "generated pictures", "none")


def weights(file: Path) -> Tensor:
    state = torch.load(file, weights_only=True)["network"]
    return torch.cat([parameter.flatten() for parameter in state.values()])


def test_an_interrupted_training_ends_as_an_uninterrupted_one(datasets: list[ScorerDataset], tmp_path: Path) -> None:
    data = training_data(datasets)
    train_scorer(ScorerTraining(TINY, PARAMETERS, datasets, CPU), data, tmp_path / "through")
    interrupted = ScorerTraining(TINY, PARAMETERS, datasets, CPU)
    (tmp_path / "stopped").mkdir()
    for _ in range(3):
        interrupted.step()
        if interrupted.next_step == 2:
            interrupted.save(tmp_path / "stopped" / "checkpoint.pt")
    train_scorer(ScorerTraining(TINY, PARAMETERS, datasets, CPU), data, tmp_path / "stopped")
    through, resumed = (weights(tmp_path / run / "scorer.pt") for run in ("through", "stopped"))
    assert torch.equal(through, resumed)


def test_a_few_steps_learn_what_the_ratings_follow(datasets: list[ScorerDataset]) -> None:
    parameters = replace(PARAMETERS, steps=30, batch=(16, 8), rate=5e-3, imitation_weight=0.0, ema_decay=0.8)
    training = ScorerTraining(TINY, parameters, datasets, CPU)
    losses = [training.step() for _ in range(30)]
    assert sum(losses[-5:]) < 0.6 * sum(losses[:5])
    predicted = predict(training.average.module.eval(), TINY, datasets[0].pixels)[:, 0]
    assert torch.corrcoef(torch.stack([predicted, datasets[0].ratings[:, 0]]))[0, 1] > 0.8


def test_the_log_names_each_set_and_the_step(datasets: list[ScorerDataset], tmp_path: Path) -> None:
    data = replace(training_data(datasets), calibration=[])
    train_scorer(ScorerTraining(TINY, PARAMETERS, datasets, CPU), data, tmp_path)
    lines = (tmp_path / "log.txt").read_text().splitlines()
    assert [line.split(":")[0] for line in lines] == ["step 0", "step 2", "step 4"]
    assert all(MEBEAUTY.name in line and SCUT.name in line for line in lines)


def test_a_checkpoint_of_another_recipe_is_refused(datasets: list[ScorerDataset], tmp_path: Path) -> None:
    ScorerTraining(TINY, PARAMETERS, datasets, CPU).save(tmp_path / "checkpoint.pt")
    longer = ScorerTraining(TINY, replace(PARAMETERS, steps=9), datasets, CPU)
    with pytest.raises(CheckpointMismatch, match="another recipe"):
        longer.resume(tmp_path / "checkpoint.pt")


def test_a_checkpoint_of_other_ratings_is_refused(datasets: list[ScorerDataset], tmp_path: Path) -> None:
    ScorerTraining(TINY, PARAMETERS, datasets, CPU).save(tmp_path / "checkpoint.pt")
    first, *others = datasets[0].portraits
    corrected = replace(datasets[0], portraits=[replace(first, score=4.0), *others])
    with pytest.raises(CheckpointMismatch, match="other ratings"):
        ScorerTraining(TINY, PARAMETERS, [corrected, datasets[1]], CPU).resume(tmp_path / "checkpoint.pt")


def test_the_text_of_a_checkpoints_recipe_is_that_of_earlier_files() -> None:
    assert SCORER_HYPERPARAMETERS["dlib"].in_checkpoint() == (
        "{'steps': 450, 'batch': (36, 28), 'rate': 0.0001, 'averaged': 0.99, 'head_rate': 3.0, 'guessed': 1.0, "
        "'decay': 0.05, 'likeness': 0.0, 'seed': 1, 'kept_each': 100}"
    )


def test_the_digest_of_photos_changes_with_the_photos_alone(tmp_path: Path) -> None:
    portraits = [Portrait("a.jpg", "train", 3.0, ""), Portrait("b.jpg", "val", 4.0, "")]
    for portrait in portraits:
        (tmp_path / portrait.file).write_bytes(b"a photo")
    before = photos_digest(tmp_path, portraits)
    assert photos_digest(tmp_path, [replace(portrait, score=1.0) for portrait in portraits]) == before
    (tmp_path / "b.jpg").write_bytes(b"another photo")
    assert photos_digest(tmp_path, portraits) != before


def test_resnet34_trains_on_a_users_only_set_which_fills_the_batch(datasets: list[ScorerDataset]) -> None:
    own = replace(datasets[0], ratings=datasets[0].ratings[:, :1])
    training = ScorerTraining(SMALL_RESNET34, PARAMETERS, [own], CPU)
    training.step()
    assert predict(training.average.module.eval(), SMALL_RESNET34, own.pixels).shape == (24, 1)


def test_every_epoch_takes_all_rows_in_another_order() -> None:
    rows = [row for step in range(6) for row in batch_rows(9, 3, step, seed=5)]
    first, second = rows[:9], rows[9:]
    assert sorted(first) == sorted(second) == list(range(9))
    assert first != second


def test_a_batch_may_be_larger_than_the_dataset() -> None:
    assert sorted(set(batch_rows(3, 8, 1, seed=5))) == [0, 1, 2]
