"""attrai-models: makes the networks and measures them."""

from dataclasses import replace
from enum import StrEnum
from itertools import chain
from pathlib import Path
from typing import Annotated

import torch
import typer
from attrai_estimator.networks.load import SCORER, load_detector
from attrai_estimator.networks.manifest import WrongNetworkFile

from attrai_models.data.crops import detector_folder
from attrai_models.data.own_ratings import RatingsError, parse_scale, read_own_ratings
from attrai_models.data.ratings import LFW
from attrai_models.data.training_data import own_data, research_data
from attrai_models.evaluation.learning_curve import learning_curve
from attrai_models.evaluation.report import detector_and_embedder_report, quality_report, scorer_report
from attrai_models.export.embedder import export_embedder
from attrai_models.export.int8_ranges import measure_int8_ranges
from attrai_models.export.mtcnn import export_mtcnn
from attrai_models.export.proposal import export_proposal
from attrai_models.export.scorer import export_scorer, read_trained
from attrai_models.networks.trunks import DLIB, RESNET34, TRUNKS
from attrai_models.training.hyperparameters import SCORER_HYPERPARAMETERS
from attrai_models.training.proposal_dataset import read_proposal_dataset
from attrai_models.training.train_proposal import TRAINED_FILE, ProposalHyperparameters, ProposalTraining
from attrai_models.training.train_proposal import train_proposal as run_proposal_training
from attrai_models.training.train_scorer import CheckpointMismatch, ScorerTraining, train_scorer

MODELS = Path(__file__).parents[1]
"""The folder of the manifest."""

app = typer.Typer(no_args_is_help=True, add_completion=False)


class TrunkName(StrEnum):
    """What a scorer can stand on."""

    RESNET34 = RESNET34.name
    DLIB = DLIB.name


Data = Annotated[Path, typer.Option(exists=True, file_okay=False, help="folder with the research sets")]
Own = Annotated[Path | None, typer.Option(exists=True, file_okay=False, help="folder with an own ratings.csv")]
Research = Annotated[Path | None, typer.Option(exists=True, file_okay=False, help="folder with the research sets")]
Out = Annotated[Path, typer.Option(file_okay=False, help="folder for crops, checkpoints and the trained network")]
Models = Annotated[Path, typer.Option(file_okay=False, help="folder of the manifest")]
Chosen = Annotated[TrunkName, typer.Option(help="what the scorer stands on")]
Name = Annotated[str, typer.Option(help="the scorer's name in the manifest")]
Steps = Annotated[int | None, typer.Option(min=1, help="batches to learn from; the recipe's number by default")]


@app.command()
def convert(models: Models = MODELS) -> None:
    """Export MTCNN and the embedder from the packages that carry their weights; export-proposal adds our own first network."""
    export_mtcnn(models)
    export_embedder(models)


@app.command()
def train(
    *,
    out: Out,
    data: Research = None,
    ratings: Own = None,
    scale: Annotated[str | None, typer.Option(help="of own ratings, as 1-10; else recognized")] = None,
    trunk: Chosen = TrunkName.DLIB,
    steps: Steps = None,
    with_val: Annotated[
        bool, typer.Option("--with-val", help="learn from val too; its figures then say nothing")
    ] = False,
    threads: Annotated[int, typer.Option(min=1, help="of torch; more than idle cores make it slower")] = 1,
    models: Models = MODELS,
) -> None:
    """Train a scorer, or go on with an interrupted training: on --data, the research sets, or on own --ratings."""
    torch.set_num_threads(threads)
    chosen, hyperparameters, detector = TRUNKS[trunk], SCORER_HYPERPARAMETERS[trunk], load_detector(models)
    kept = out / detector_folder(models)
    if ratings and not data:
        found, portraits = read_own_ratings(ratings, parse_scale(scale) if scale else None)
        typer.echo(f"{len(portraits)} rated photos, on a scale of {found}")
        training_data = own_data(ratings, portraits, chosen, detector, kept)
    elif data and not ratings:
        training_data = research_data(data, chosen, detector, kept, with_val=with_val)
    else:
        raise typer.BadParameter("name one of --data and --ratings")
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    run = ScorerTraining(
        chosen, replace(hyperparameters, steps=steps or hyperparameters.steps), training_data.learned, device
    )
    typer.echo(train_scorer(run, training_data.judged, out / trunk))


@app.command()
def export(out: Out, trunk: Chosen = TrunkName.DLIB, name: Name = SCORER, models: Models = MODELS) -> None:
    """Export the trained scorer of a training's folder into the manifest's."""
    export_scorer(read_trained(out / trunk / "scorer.pt"), models, name)


@app.command()
def train_proposal(
    *,
    data: Data,
    out: Out,
    steps: Steps = None,
    threads: Annotated[int, typer.Option(min=1, help="of torch; more than idle cores make it slower")] = 1,
) -> None:
    """Teach detection's first network what MTCNN says of photos of lfw_dev, or go on where it was interrupted."""
    torch.set_num_threads(threads)
    hyperparameters = ProposalHyperparameters()
    run = ProposalTraining(
        replace(hyperparameters, steps=steps or hyperparameters.steps), read_proposal_dataset(data / LFW, out)
    )
    run_proposal_training(run, out)
    typer.echo(f"{out / TRAINED_FILE} is taught; attrai-models export-proposal --out {out} puts it among the networks")


@app.command(name="export-proposal")
def export_taught_proposal(out: Out, models: Models = MODELS) -> None:
    """Export the taught proposal network of a training's folder into the manifest's."""
    export_proposal(out / TRAINED_FILE, models)


@app.command()
def evaluate(
    *,
    data: Data,
    name: Name = SCORER,
    scorer_only: Annotated[bool, typer.Option("--scorer-only", help="its agreement and steadiness alone")] = False,
    models: Models = MODELS,
) -> None:
    """Measure the shipped networks through the estimator's own steps; prints every figure that the cards quote."""
    parts = [scorer_report(data, models, name)]
    if not scorer_only:
        parts += [quality_report(data, models, name), detector_and_embedder_report(data, models)]
    for line in chain.from_iterable(parts):
        typer.echo(line)


@app.command()
def ranges(data: Data, models: Models = MODELS) -> None:
    """Print the largest number that each of the embedder's convolutions takes on lfw_dev: what int8 is scaled by."""
    for name, value in measure_int8_ranges(data / LFW, load_detector(models)).items():
        typer.echo(f'"{name}": {value:.2f},')


@app.command()
def ceiling(data: Data, out: Out, models: Models = MODELS) -> None:
    """Print how well the teacher's guesses agree with people, by the number of portraits that they are made from."""
    for line in learning_curve(data, load_detector(models), out):
        typer.echo(line)


def main() -> None:
    """Entry point of the console script."""
    try:
        app()
    except (RatingsError, CheckpointMismatch, WrongNetworkFile, FileNotFoundError) as error:
        typer.echo(error, err=True)
        raise SystemExit(1) from error


if __name__ == "__main__":
    main()
