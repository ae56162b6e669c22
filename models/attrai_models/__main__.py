"""attrai-models: trains, converts, exports and evaluates the networks."""

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
from attrai_models.export.embedder import export_embedder, measure_int8_ranges
from attrai_models.export.mtcnn import export_mtcnn
from attrai_models.export.proposal import export_proposal
from attrai_models.export.scorer import export_scorer
from attrai_models.networks.trained_scorer import read_trained
from attrai_models.networks.trunks import DLIB, RESNET34, TRUNKS
from attrai_models.training import train_proposal as proposal_training
from attrai_models.training.checkpoints import CheckpointMismatch
from attrai_models.training.hyperparameters import SCORER_HYPERPARAMETERS
from attrai_models.training.proposal_dataset import read_proposal_dataset
from attrai_models.training.train_proposal import TRAINED_PROPOSAL_FILE, ProposalHyperparameters, ProposalTraining
from attrai_models.training.train_scorer import TRAINED_SCORER_FILE, ScorerTraining, train_scorer

MODELS = Path(__file__).parents[1]
"""The folder of the manifest."""

app = typer.Typer(no_args_is_help=True, add_completion=False)


class TrunkName(StrEnum):
    """The trunks of a scorer."""

    RESNET34 = RESNET34.name
    DLIB = DLIB.name


Data = Annotated[Path, typer.Option(exists=True, file_okay=False, help="folder with the research sets")]
Own = Annotated[Path | None, typer.Option(exists=True, file_okay=False, help="folder with an own ratings.csv")]
Research = Annotated[Path | None, typer.Option(exists=True, file_okay=False, help="folder with the research sets")]
Out = Annotated[Path, typer.Option(file_okay=False, help="folder for crops, checkpoints and the trained network")]
Models = Annotated[Path, typer.Option(file_okay=False, help="folder of the manifest")]
Chosen = Annotated[TrunkName, typer.Option(help="the scorer's layers below its heads")]
Name = Annotated[str, typer.Option(help="the scorer's name in the manifest")]
Steps = Annotated[int | None, typer.Option(min=1, help="training steps; by default the recipe's number")]


@app.command()
def convert(models: Models = MODELS) -> None:
    """Convert MTCNN and the embedder from the packages with their weights; export-proposal adds our own network."""
    export_mtcnn(models)
    export_embedder(models)


@app.command()
def train(
    *,
    out: Out,
    data: Research = None,
    ratings: Own = None,
    scale: Annotated[str | None, typer.Option(help="of own ratings, for example 1-10; recognized by default")] = None,
    trunk: Chosen = TrunkName.DLIB,
    steps: Steps = None,
    with_val: Annotated[
        bool, typer.Option("--with-val", help="train on val too; its figures are then meaningless")
    ] = False,
    threads: Annotated[int, typer.Option(min=1, help="of torch; more threads than idle cores are slower")] = 1,
    models: Models = MODELS,
) -> None:
    """Train a scorer, or resume: on --data, the research sets, or on own --ratings."""
    torch.set_num_threads(threads)
    chosen, parameters, detector = TRUNKS[trunk], SCORER_HYPERPARAMETERS[trunk], load_detector(models)
    cache = out / detector_folder(models)
    if ratings and not data:
        found, portraits = read_own_ratings(ratings, parse_scale(scale) if scale else None)
        typer.echo(f"{len(portraits)} rated photos, on a scale of {found}")
        training_data = own_data(ratings, portraits, chosen, detector, cache)
    elif data and not ratings:
        training_data = research_data(data, chosen, detector, cache, with_val=with_val)
    else:
        raise typer.BadParameter("name one of --data and --ratings")
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    parameters = replace(parameters, steps=steps or parameters.steps)
    training = ScorerTraining(chosen, parameters, training_data.train, device)
    typer.echo(train_scorer(training, training_data, out / trunk))


@app.command()
def export(out: Out, trunk: Chosen = TrunkName.DLIB, name: Name = SCORER, models: Models = MODELS) -> None:
    """Export the scorer that `train` left in --out, and record it in the manifest."""
    export_scorer(read_trained(out / trunk / TRAINED_SCORER_FILE), models, name)


@app.command()
def train_proposal(
    *,
    data: Data,
    out: Out,
    steps: Steps = None,
    threads: Annotated[int, typer.Option(min=1, help="of torch; more threads than idle cores are slower")] = 1,
) -> None:
    """Train the proposal network of the detector on MTCNN's predictions for photos of lfw_dev, or resume."""
    torch.set_num_threads(threads)
    parameters = ProposalHyperparameters()
    parameters = replace(parameters, steps=steps or parameters.steps)
    proposal_training.train_proposal(ProposalTraining(parameters, read_proposal_dataset(data / LFW, out)), out)
    typer.echo(f"{out / TRAINED_PROPOSAL_FILE} is trained; attrai-models export-proposal --out {out} exports it")


@app.command(name="export-proposal")
def export_trained_proposal(out: Out, models: Models = MODELS) -> None:
    """Export the proposal network that `train-proposal` left in --out, and record it in the manifest."""
    export_proposal(out / TRAINED_PROPOSAL_FILE, models)


@app.command()
def evaluate(
    *,
    data: Data,
    name: Name = SCORER,
    scorer_only: Annotated[bool, typer.Option("--scorer-only", help="its agreement and stability alone")] = False,
    models: Models = MODELS,
) -> None:
    """Evaluate the exported networks with the estimator's own steps; prints every table of the cards."""
    parts = [scorer_report(data, models, name)]
    if not scorer_only:
        parts += [quality_report(data, models, name), detector_and_embedder_report(data, models)]
    for line in chain.from_iterable(parts):
        typer.echo(line)


@app.command()
def ranges(data: Data, models: Models = MODELS) -> None:
    """Print the largest input of each of the embedder's convolutions on lfw_dev: the ranges of int8."""
    for name, value in measure_int8_ranges(data / LFW, load_detector(models)).items():
        typer.echo(f'"{name}": {value:.2f},')


@app.command()
def ceiling(data: Data, out: Out, models: Models = MODELS) -> None:
    """Print the learning curve: the teacher's agreement with people, by the number of portraits."""
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
