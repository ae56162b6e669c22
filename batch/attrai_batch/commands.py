"""The commands that use a finished table: `export` and `average`."""

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from attrai_batch import average_text
from attrai_batch.average import ALL, averages
from attrai_batch.errors import BatchError
from attrai_batch.export import export_csv, export_npy
from attrai_batch.named_errors import named_errors
from attrai_batch.sources import open_source
from attrai_batch.sources.zip_names import DEFAULT_ENCODING
from attrai_batch.vectors import compare as compare_vectors
from attrai_batch.vectors import read_vector
from attrai_batch.webdataset import export_webdataset

Result = TypeVar("Result")
Table = Annotated[Path, typer.Argument(metavar="FILE.parquet", help="A table that `attrai-batch run` wrote.")]


class Format(StrEnum):
    """The format of an export."""

    WEBDATASET = "webdataset"
    NPY = "npy"
    CSV = "csv"


class By(StrEnum):
    """The groups that get an average of their own."""

    PERSON_FOLDER = "person-folder"


def add_commands(app: typer.Typer) -> None:
    """Add `export` and `average`."""
    app.command()(export)
    app.command()(average)


def export(
    table: Table,
    *,
    out: Annotated[Path, typer.Option(help="The file to write; for webdataset, the folder of its shards.")],
    kind: Annotated[Format, typer.Option("--format", help="npy: the vectors, and a CSV beside that names their rows.")],
    photos: Annotated[
        Path | None,
        typer.Option(
            metavar="SOURCE", help="For webdataset: what the table was run on; its photos go into the shards."
        ),
    ] = None,
    zip_encoding: Annotated[
        str, typer.Option(metavar="NAME", help="What the run was given: it decides the names of photos in a zip.")
    ] = DEFAULT_ENCODING,
) -> None:
    """Write a table in another format. Prints the files written."""
    if photos is not None and kind is not Format.WEBDATASET:
        raise typer.BadParameter("only --format webdataset takes photos", param_hint="--photos")

    def to_shards() -> list[Path]:
        source = None if photos is None else open_source(str(photos), out, zip_encoding=zip_encoding)
        return export_webdataset(table, out, source)

    exports: dict[Format, Callable[[], list[Path]]] = {
        Format.WEBDATASET: to_shards,
        Format.NPY: lambda: export_npy(table, out),
        Format.CSV: lambda: export_csv(table, out),
    }

    def work() -> list[Path]:
        with named_errors(out):
            return exports[kind]()

    for path in _done(work):
        typer.echo(path)


def average(
    table: Table,
    *,
    by: Annotated[By | None, typer.Option(help="Also the average of each folder of photos.")] = None,
    compare: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A vector of 128 numbers to compare with: .npy, JSON, or text, a log too."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object, every digit.")] = False,
) -> None:
    """Print the mean of all vectors, their spread, and the photo nearest to the mean."""

    def text() -> str:
        other = None if compare is None else read_vector(compare)
        found = averages(table, by_folder=by is not None)
        comparison = None if other is None else compare_vectors(found[ALL].mean, other)
        return (average_text.as_json if as_json else average_text.as_text)(found, comparison)

    typer.echo(_done(text))


def _done(work: Callable[[], Result]) -> Result:
    """The result of the work. If it fails, prints a sentence and exits with status 1."""
    try:
        return work()
    except BatchError as error:
        sentence = str(error)
    except OSError as error:
        sentence = f"{error.filename} cannot be written: {error.strerror}"
    typer.echo(f"attrai-batch: {sentence}", err=True)
    raise typer.Exit(1)
