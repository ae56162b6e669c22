"""attrai-models: makes the networks and measures them."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import torch
import typer
from attrai_estimator.networks import load_networks
from attrai_estimator.networks.load import load_detector

from attrai_models.evaluate import report, score_portraits
from attrai_models.lessons import read_all_lessons
from attrai_models.mtcnn import export_mtcnn
from attrai_models.ratings import MEBEAUTY, UNRATED
from attrai_models.shipping import export_scorer
from attrai_models.train import Recipe
from attrai_models.train import train as train_scorer

MODELS = Path(__file__).parents[1]
"""The folder of the manifest."""

app = typer.Typer(no_args_is_help=True, add_completion=False)

Data = Annotated[Path, typer.Option(exists=True, file_okay=False, help="folder with the rating sets")]
Out = Annotated[Path, typer.Option(file_okay=False, help="folder for crops, checkpoints and the trained network")]
Models = Annotated[Path, typer.Option(file_okay=False, help="folder of the manifest")]


@app.command()
def detector(models: Models = MODELS) -> None:
    """Export MTCNN from facenet-pytorch's wheel."""
    export_mtcnn(models)


@app.command()
def train(
    data: Data,
    out: Out,
    steps: Annotated[int, typer.Option(help="batches to learn from")] = Recipe().steps,
    everything: Annotated[bool, typer.Option(help="learn from val too; its figures then mean nothing")] = False,
    models: Models = MODELS,
) -> None:
    """Train the scorer, or go on with an interrupted training."""
    lessons = read_all_lessons(data, load_detector(models), out)
    held_out = [part.part("val") for part in lessons if part.name != UNRATED]
    learned = lessons if everything else [part.part("train") for part in lessons]
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    train_scorer(replace(Recipe(), steps=steps), learned, held_out, out, device)


@app.command()
def export(out: Out, models: Models = MODELS) -> None:
    """Export the trained scorer of a training's folder into the manifest's."""
    export_scorer(out / "scorer.pt", models)


@app.command()
def evaluate(data: Data, models: Models = MODELS) -> None:
    """Measure the shipped scorer on MEBeauty's val photos, through the estimator's own steps."""
    for line in report(score_portraits(data / MEBEAUTY.name, load_networks(models))):
        typer.echo(line)


def main() -> None:
    """Entry point of the console script."""
    app()


if __name__ == "__main__":
    main()
