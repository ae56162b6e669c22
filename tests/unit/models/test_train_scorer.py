"""Training on generated pictures: it learns, it can be interrupted, and it is the same each time."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from attrai_models.data.dataset import ScorerDataset, batch_rows
from attrai_models.data.ratings import MEBEAUTY, SCUT, Portrait, photos_digest
from attrai_models.export.scorer import read_trained
from attrai_models.networks.trunks import RESNET34, Trunk
from attrai_models.training.hyperparameters import ScorerHyperparameters
from attrai_models.training.train_scorer import CheckpointMismatch, Judged, ScorerTraining, train_scorer
from attrai_models.training.validation import predict
from torch import Tensor

pytestmark = pytest.mark.torch

SMALL: Trunk = replace(RESNET34, template=replace(RESNET34.template, size=32), margin=4)
RECIPE = ScorerHyperparameters(
    steps=4, batch=(6, 4), rate=1e-3, ema_decay=0.5, imitation_weight=0.1, checkpoint_interval=2
)
CPU = torch.device("cpu")


def generated(name: str, column: int, count: int = 24) -> ScorerDataset:
    """Pictures that are rated by how red they are; noise else."""
    draw = torch.Generator().manual_seed(column)
    pixels = torch.randint(0, 100, (count, 3, 40, 40), dtype=torch.uint8, generator=draw)
    red = torch.linspace(0, 150, count)
    pixels[:, 0] += red.to(torch.uint8)[:, None, None]
    ratings = torch.full((count, 2), float("nan"))
    ratings[:, column] = 1 + red / 40
    portraits = [Portrait(f"{row}.png", "train", float(ratings[row, column]), "") for row in range(count)]
    seen = torch.randn(count, 1408, generator=draw)
    seen[:, :300] += (red / 50)[:, None]
    return ScorerDataset(name, portraits, pixels, ratings, seen)


@pytest.fixture(scope="module")
def lessons() -> list[ScorerDataset]:
    return [generated(MEBEAUTY.name, 0), generated(SCUT.name, 1)]


def weights(file: Path) -> Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in read_trained(file).scorer.parameters()])


def test_an_interrupted_training_ends_as_one_that_ran_through(lessons: list[ScorerDataset], tmp_path: Path) -> None:
    judged = Judged(lessons, lessons, "generated pictures")
    train_scorer(ScorerTraining(SMALL, RECIPE, lessons, CPU), judged, tmp_path / "through")
    interrupted = ScorerTraining(SMALL, RECIPE, lessons, CPU)
    (tmp_path / "stopped").mkdir()
    for _ in range(3):
        interrupted.step()
        if interrupted.next_step == 2:
            interrupted.save(tmp_path / "stopped" / "checkpoint.pt")
    train_scorer(ScorerTraining(SMALL, RECIPE, lessons, CPU), judged, tmp_path / "stopped")
    through, resumed = (weights(tmp_path / run / "scorer.pt") for run in ("through", "stopped"))
    assert torch.equal(through, resumed)


def test_a_few_steps_learn_what_the_ratings_follow(lessons: list[ScorerDataset]) -> None:
    run = ScorerTraining(
        SMALL, replace(RECIPE, steps=30, batch=(16, 8), imitation_weight=0.0, ema_decay=0.8), lessons, CPU
    )
    losses = [run.step() for _ in range(30)]
    assert sum(losses[-5:]) < 0.6 * sum(losses[:5])
    scorer = run.average.module.eval()
    predicted = predict(scorer, SMALL, lessons[0].pixels)[:, 0]
    rated = lessons[0].ratings[:, 0]
    assert torch.corrcoef(torch.stack([predicted, rated]))[0, 1] > 0.8


def test_the_log_names_each_set_and_the_step(lessons: list[ScorerDataset], tmp_path: Path) -> None:
    train_scorer(ScorerTraining(SMALL, RECIPE, lessons, CPU), Judged(lessons, [], "generated pictures"), tmp_path)
    lines = (tmp_path / "log.txt").read_text().splitlines()
    assert [line.split(":")[0] for line in lines] == ["step 0", "step 2", "step 4"]
    assert all(MEBEAUTY.name in line and SCUT.name in line for line in lines)


def test_a_checkpoint_of_another_recipe_is_not_gone_on_with(lessons: list[ScorerDataset], tmp_path: Path) -> None:
    ScorerTraining(SMALL, RECIPE, lessons, CPU).save(tmp_path / "checkpoint.pt")
    longer = ScorerTraining(SMALL, replace(RECIPE, steps=9), lessons, CPU)
    with pytest.raises(CheckpointMismatch, match="another recipe"):
        longer.resume(tmp_path / "checkpoint.pt")


def test_a_checkpoint_of_other_ratings_is_not_gone_on_with(lessons: list[ScorerDataset], tmp_path: Path) -> None:
    ScorerTraining(SMALL, RECIPE, lessons, CPU).save(tmp_path / "checkpoint.pt")
    first, *others = lessons[0].portraits
    corrected = replace(lessons[0], portraits=[replace(first, score=4.0), *others])
    with pytest.raises(CheckpointMismatch, match="other ratings"):
        ScorerTraining(SMALL, RECIPE, [corrected, lessons[1]], CPU).resume(tmp_path / "checkpoint.pt")


def test_crops_are_kept_for_the_photos_that_they_are_of(tmp_path: Path) -> None:
    kept = [Portrait("a.jpg", "train", 3.0, ""), Portrait("b.jpg", "val", 4.0, "")]
    for portrait in kept:
        (tmp_path / portrait.file).write_bytes(b"a photo")
    before = photos_digest(tmp_path, kept)
    assert photos_digest(tmp_path, [replace(portrait, score=1.0) for portrait in kept]) == before
    (tmp_path / "b.jpg").write_bytes(b"another photo")
    assert photos_digest(tmp_path, kept) != before


def test_a_user_s_only_set_gets_the_whole_batch_and_the_only_head(lessons: list[ScorerDataset]) -> None:
    own = replace(lessons[0], ratings=lessons[0].ratings[:, :1])
    run = ScorerTraining(SMALL, RECIPE, [own], CPU)
    run.step()
    assert predict(run.average.module.eval(), SMALL, own.pixels).shape == (24, 1)


def test_every_round_walks_through_all_rows_in_another_order() -> None:
    rows = [row for step in range(6) for row in batch_rows(9, 3, step, seed=5)]
    first, second = rows[:9], rows[9:]
    assert sorted(first) == sorted(second) == list(range(9))
    assert first != second


def test_a_step_may_take_more_rows_than_there_are() -> None:
    assert sorted(set(batch_rows(3, 8, 1, seed=5))) == [0, 1, 2]
