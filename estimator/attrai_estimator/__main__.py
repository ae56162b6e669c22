"""The command `attrai-estimator`: estimates photos without a queue, or runs the worker."""

from pathlib import Path
from typing import Annotated, Literal

import typer
from attrai_shared.settings import describe, read_settings

from attrai_estimator.process import keep_freed_memory, use_one_thread
from attrai_estimator.settings import WORKSPACE_MODELS, BatchEstimatorSettings, EstimatorSettings, NetworkSettings

# Commands import what they run: numpy and the networks must load after `use_one_thread`, and --help needs neither.

app = typer.Typer(
    help="Attrai's estimator: finds every face on a photo, scores it from 1 to 10 and draws the result.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _listed(settings: type[NetworkSettings]) -> str:
    return describe(settings).replace("\n", "\n\n")


@app.callback()
def commands() -> None:
    """Attrai's estimator: finds every face on a photo, scores it from 1 to 10 and draws the result."""


@app.command()
def estimate(
    photos: Annotated[list[str], typer.Argument(metavar="PHOTO", help="JPEG, PNG, WebP, HEIC or GIF files.")],
    *,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Also write each annotated picture there, as NAME.jpg.")
    ] = None,
    embed: Annotated[bool, typer.Option("--embed", help="Add each face's embedding, 128 numbers.")] = False,
    models: Annotated[
        Path,
        typer.Option(metavar="DIR", envvar="ATTRAI_MODELS", help="The folder with manifest.json and the networks."),
    ] = WORKSPACE_MODELS,
    runtime: Annotated[
        Literal["openvino", "torch"],
        typer.Option(envvar="ATTRAI_RUNTIME", help="What runs the networks; torch is an extra."),
    ] = "openvino",
    scorer: Annotated[
        str, typer.Option(envvar="ATTRAI_SCORER", metavar="NAME", help="Which scorer of the manifest scores faces.")
    ] = "scorer",
) -> None:
    """Print one JSON line for each photo: its faces from left to right, in pixels of the upright photo.

    A photo that cannot be estimated gets a line with "error" in place of "faces"; the exit status is then 1.
    """
    from attrai_estimator.estimate_cli import estimate_photos  # noqa: PLC0415 - see above

    raise typer.Exit(estimate_photos(photos, out, models, runtime, with_embeddings=embed, scorer=scorer))


@app.command(epilog=f"{_listed(EstimatorSettings)}\n\nWith --batch:\n\n{_listed(BatchEstimatorSettings)}")
def worker(
    *,
    batch: Annotated[
        bool, typer.Option("--batch", help="Consume chunks of data sets instead of people's photos.")
    ] = False,
) -> None:
    """Consume photos from the queue until stopped; one core, one photo at a time. Settings come from the environment:"""
    from attrai_estimator.networks.manifest import WrongNetworkFile  # noqa: PLC0415 - see above
    from attrai_estimator.worker.run import run_batch_worker, run_worker  # noqa: PLC0415 - see above

    try:
        if batch:
            raise typer.Exit(run_batch_worker(read_settings(BatchEstimatorSettings)))
        raise typer.Exit(run_worker(read_settings(EstimatorSettings)))
    except WrongNetworkFile as error:
        raise SystemExit(f"attrai-estimator: the networks cannot be loaded: {error}") from None


def main() -> None:
    """Entry of the console script."""
    use_one_thread()
    keep_freed_memory()
    app(prog_name="attrai-estimator")


if __name__ == "__main__":
    main()
