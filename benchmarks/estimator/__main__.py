"""The command: `python -m benchmarks.estimator [PART...]`, see `--help`. It prints tables; progress goes to stderr."""

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from skimage.data import astronaut

from benchmarks.estimator.machine import describe_processor
from benchmarks.estimator.parts import MAIN, MEASUREMENTS, Run
from benchmarks.estimator.photos import SIZES
from benchmarks.estimator.speed import print_progress


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the named parts, or all parts."""
    chosen = _parser().parse_args(arguments)
    _show(f"{datetime.now(UTC):%d %B %Y}; {describe_processor()}")
    _show(
        "Each contestant uses one thread. They alternate. Times are medians (wall clock and CPU). Ratios are to Attrai."
    )
    with TemporaryDirectory(prefix="attrai-bench-") as folder:
        run = _run(Path(folder), chosen)
        for name in chosen.parts or MEASUREMENTS:
            for title, table in MEASUREMENTS[name](run):
                _show(f"\n## {title}\n\n{table}")


def _run(folder: Path, chosen: argparse.Namespace) -> Run:
    photo_counts, sizes = ((1, 50, 200), ((250, 250), MAIN)) if chosen.quick else ((1, 100, 500, 5000), SIZES)
    portrait = Image.fromarray(astronaut())
    return Run(
        portrait, folder, chosen.data, chosen.photos, chosen.product, chosen.rounds, chosen.people, photo_counts, sizes
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.estimator", description="Compare the estimator with its peers."
    )
    parser.add_argument("parts", nargs="*", metavar="PART", choices=[*MEASUREMENTS, []], help=", ".join(MEASUREMENTS))
    parser.add_argument("--data", type=_folder, help="the folder that holds lfw_dev and faces_boxes_dev")
    parser.add_argument("--photos", type=_folder, help="an additional folder of JPEG photos")
    parser.add_argument("--product", default=sys.executable, help="the Python of the product's environment")
    parser.add_argument(
        "--rounds", type=int, default=9, metavar="N", help="the number of rounds over each generated photo (9)"
    )
    parser.add_argument("--people", type=int, default=1000, metavar="N", help="the most LFW photos to use (1000)")
    parser.add_argument("--quick", action="store_true", help="two sizes, and memory after 200 photos")
    return parser


def _folder(text: str) -> Path:
    folder = Path(text)
    if not folder.is_dir():
        raise argparse.ArgumentTypeError(f"{text} is not a folder")
    return folder


def _show(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        print_progress("stopped")
        sys.exit(130)
