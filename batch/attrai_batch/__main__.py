"""The command `attrai-batch`: `run` makes a table of the faces of a data set; other commands use the table."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from attrai_local.errors import SupervisionError
from attrai_local.signals import terminate_like_ctrl_c
from attrai_shared.batch_contracts import FaceOutput
from attrai_shared.errors import ServiceError
from attrai_shared.settings import describe
from rich.console import Console

from attrai_batch.commands import add_commands
from attrai_batch.errors import ChunkLost, RunRefused, SourceError
from attrai_batch.run import RunOptions, run_batch
from attrai_batch.run_folder import ComputeOptions
from attrai_batch.settings import BatchRunSettings
from attrai_batch.sources.download import DownloadRules
from attrai_batch.sources.zip_names import DEFAULT_ENCODING
from attrai_batch.table import use_system_allocator

EXIT_FAILED, EXIT_REFUSED, EXIT_INTERRUPTED = 1, 2, 130
ALL_OUTPUTS: tuple[FaceOutput, ...] = ("embedding", "score", "quality")
GIB = 1024**3

app = typer.Typer(
    help="Attrai for whole data sets: a vector for each face, and for each photo without one the reason.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


class FacesChoice(StrEnum):
    """Which faces of a photo get a row."""

    ALL = "all"
    LARGEST = "largest"
    CENTRAL = "central"


@app.command(
    epilog="Without servers the run starts its own. On servers, settings come from the environment:\n\n"
    + describe(BatchRunSettings).replace("\n", "\n\n")
)
def run(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="A folder, a tar, a zip, or the URL of an archive.")],
    *,
    out: Annotated[Path, typer.Option(metavar="FILE.parquet", help="The table to write.")],
    faces: Annotated[FacesChoice, typer.Option(help="Which faces of each photo.")] = FacesChoice.ALL,
    what: Annotated[str, typer.Option(metavar="LIST", help="What of them, with commas.")] = ",".join(ALL_OUTPUTS),
    workers: Annotated[
        int | None, typer.Option(min=1, max=256, help="Estimators of a run without servers; one a core without it.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with an interrupted run.")] = False,
    sha256: Annotated[str | None, typer.Option(metavar="HEX", help="Of a URL's file, which is refused else.")] = None,
    most_gib: Annotated[float, typer.Option(min=0, help="GiB that a URL's file may have.")] = 200.0,
    deadline: Annotated[float, typer.Option(min=0, help="Seconds that a download may take in all.")] = 6 * 3600.0,
    zip_encoding: Annotated[
        str, typer.Option(metavar="NAME", help="Encoding of a zip's names that are not UTF-8.")
    ] = DEFAULT_ENCODING,
) -> None:
    """Write a row for each face of each photo of SOURCE, and one with the reason for each photo without a face.

    Exit status: 0 when every photo is accounted for, even by its failure; 1 when the run broke off; 2 when it may not
    begin; 130 after Ctrl-C. A run that broke off goes on with the same command and --resume. Nothing of SOURCE is
    written or deleted.
    """
    rules = DownloadRules(most_bytes=int(most_gib * GIB), seconds=deadline, sha256=sha256)
    options = RunOptions(
        source,
        out,
        ComputeOptions(faces.value, outputs_from(what)),
        resume=resume,
        workers=workers,
        rules=rules,
        zip_encoding=zip_encoding,
    )
    with _exit_status(options):
        run_batch(Console(), dict(os.environ), options)


def outputs_from(text: str) -> tuple[FaceOutput, ...]:
    """The outputs that `--what` names, in a fixed order. Raises typer.BadParameter."""
    words = {word.strip() for word in text.split(",")}
    if not words <= set(ALL_OUTPUTS):
        raise typer.BadParameter(f"it is a list of {', '.join(ALL_OUTPUTS)}", param_hint="--what")
    return tuple(word for word in ALL_OUTPUTS if word in words)


add_commands(app)


def main() -> None:
    """Entry of the console script."""
    use_system_allocator()
    terminate_like_ctrl_c()
    app(prog_name="attrai-batch")


@contextmanager
def _exit_status(options: RunOptions) -> Iterator[None]:
    """Turns an error or Ctrl-C into its sentence and exit status."""
    try:
        yield
    except KeyboardInterrupt:
        _print_error(f"Interrupted. {_how_to_resume(options)}")
        raise typer.Exit(EXIT_INTERRUPTED) from None
    except (RunRefused, SourceError) as error:
        _print_error(str(error))
        raise typer.Exit(EXIT_REFUSED) from None
    except (SupervisionError, ServiceError, ChunkLost, OSError) as error:
        _print_error(f"{error}\n{_how_to_resume(options)}")
        raise typer.Exit(EXIT_FAILED) from None


def _how_to_resume(options: RunOptions) -> str:
    return f"The same command with --resume goes on; what is done lies in {options.out}.parts."


def _print_error(sentence: str) -> None:
    Console(stderr=True).print(f"attrai-batch: {sentence}", markup=False, highlight=False, soft_wrap=True)


if __name__ == "__main__":
    main()
