"""attrai-models: makes the networks and measures them."""

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import torch
import typer
from attrai_estimator.networks.load import SCORER, load_detector, load_networks

from attrai_models.embedding_shipping import export_embedder
from attrai_models.evaluate import report
from attrai_models.lessons import read_all_lessons
from attrai_models.mtcnn import export_mtcnn
from attrai_models.ratings import UNRATED
from attrai_models.shipping import export_scorer
from attrai_models.train import RECIPES, Training
from attrai_models.train import train as train_scorer
from attrai_models.trunks import DLIB, RESNET34, TRUNKS
from attrai_models.verification import verify

MODELS = Path(__file__).parents[1]
"""The folder of the manifest."""

app = typer.Typer(no_args_is_help=True, add_completion=False)


class TrunkName(StrEnum):
    """What a scorer can stand on."""

    RESNET34 = RESNET34.name
    DLIB = DLIB.name


Data = Annotated[Path, typer.Option(exists=True, file_okay=False, help="folder with the rating sets")]
Out = Annotated[Path, typer.Option(file_okay=False, help="folder for crops, checkpoints and the trained network")]
Models = Annotated[Path, typer.Option(file_okay=False, help="folder of the manifest")]
Chosen = Annotated[TrunkName, typer.Option(help="what the scorer stands on")]
Name = Annotated[str, typer.Option(help="the scorer's name in the manifest")]


@app.command()
def convert(models: Models = MODELS) -> None:
    """Export MTCNN and the embedder from the packages that carry their weights."""
    export_mtcnn(models)
    export_embedder(models)


@app.command()
def train(
    *,
    data: Data,
    out: Out,
    trunk: Chosen = TrunkName.DLIB,
    steps: Annotated[int | None, typer.Option(help="batches to learn from; the recipe's number by default")] = None,
    everything: Annotated[bool, typer.Option(help="learn from val too; its figures then mean nothing")] = False,
    models: Models = MODELS,
) -> None:
    """Train a scorer, or go on with an interrupted training."""
    chosen, recipe = TRUNKS[trunk], RECIPES[trunk]
    lessons = read_all_lessons(data, chosen, load_detector(models), out)
    held_out = [part.part("val") for part in lessons if part.name != UNRATED]
    learned = lessons if everything else [part.part("train") for part in lessons]
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    run = Training(chosen, replace(recipe, steps=steps or recipe.steps), learned, device)
    train_scorer(run, held_out, out / trunk)


@app.command()
def export(out: Out, trunk: Chosen = TrunkName.DLIB, name: Name = SCORER, models: Models = MODELS) -> None:
    """Export the trained scorer of a training's folder into the manifest's."""
    export_scorer(out / trunk / "scorer.pt", models, name)


@app.command()
def evaluate(data: Data, name: Name = SCORER, models: Models = MODELS) -> None:
    """Measure the shipped networks through the estimator's own steps; prints every figure that the cards quote."""
    for line in report(data, load_networks(models, scorer=name)):
        typer.echo(line)
    if (data / UNRATED).is_dir():
        typer.echo("\n## Embedder, LFW\n")
        for line in verify(data / UNRATED, models):
            typer.echo(line)


def main() -> None:
    """Entry point of the console script."""
    app()


if __name__ == "__main__":
    main()
