"""The command: `python -m benchmarks.batch FOLDER [--workers 2] [--peer PYTHON]`, or `--million`: the memory of a run over names alone."""

import argparse
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

import pyarrow.parquet as pq
from attrai_batch.account import Account, read_account
from attrai_batch.table import about

from benchmarks.batch.instant import run
from benchmarks.batch.measured import Leg, measure

MILLION = 1_000_000
PEER_PHOTOS = 150
WHAT = ("--what", "embedding")
"""What face_recognition computes too."""


def main() -> None:
    """Prints a table."""
    options = _parser().parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        if options.million:
            _say(_million(Path(place)))
        else:
            _say(_compared(options.folder.resolve(), Path(place), options))


def _million(place: Path) -> str:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    table = run(MILLION, place)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    entries = pq.ParquetFile(table).metadata.num_rows
    return f"{entries:,} entries: at most {peak / 1024:.0f} MiB, {before / 1024:.0f} MiB of which before the run"


def _compared(folder: Path, place: Path, options: argparse.Namespace) -> str:
    photos = len(list(folder.rglob("*.jpg")))
    bare, batch = [], []
    for at in range(options.rounds):
        bare.append(_bare(folder, photos, options.workers))
        batch.append(_batch(folder, photos, options.workers, place / f"{at}.parquet"))
    account = read_account(about(place / "0.parquet"))
    lines = [_legs([*bare, *batch]), _ratios(bare, batch), _missed(account)]
    if options.peer:
        peer = _peer(options.peer, folder)
        lines.append(
            f"face_recognition: {1000 * peer:.0f} ms of one core a photo, {1000 * peer / _mid_cpu(batch):.1f} times the batch's"
        )
    return "\n".join(lines)


def _bare(folder: Path, photos: int, workers: int) -> Leg:
    commands = [
        [sys.executable, "-m", "benchmarks.batch.bare", str(folder), str(at), str(workers)] for at in range(workers)
    ]
    return measure(f"{workers} bare pipelines", photos, commands)


def _batch(folder: Path, photos: int, workers: int, out: Path) -> Leg:
    command = [
        sys.executable,
        "-m",
        "attrai_batch",
        "run",
        str(folder),
        "--out",
        str(out),
        "--workers",
        str(workers),
        *WHAT,
    ]
    return measure(f"attrai-batch, {workers} workers", photos, [command])


def _peer(python: str, folder: Path) -> float:
    command = [python, str(Path(__file__).parent / "peer.py"), str(folder), str(PEER_PHOTOS)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)  # noqa: S603 - our own


def _legs(legs: list[Leg]) -> str:
    rows = [f"| {leg.name} | {leg.photos:,} | {leg.rate:.1f} | {leg.cpu_ms:.1f} |" for leg in legs]
    return "\n".join(["| | photos | photos a second, from start to end | CPU ms a photo |", "|---|---|---|---|", *rows])


def _ratios(bare: list[Leg], batch: list[Leg]) -> str:
    wall = median(leg.rate for leg in batch) / median(leg.rate for leg in bare)
    return f"attrai-batch : bare = {wall:.3f} on the clock, {_mid_cpu(bare) / _mid_cpu(batch):.3f} by CPU time"


def _mid_cpu(legs: list[Leg]) -> float:
    return float(median(leg.cpu_ms for leg in legs))


def _missed(account: Account) -> str:
    reasons = ", ".join(f"{count} {code}" for code, count in sorted(account.missed.items()))
    share = sum(account.missed.values()) / max(account.photos, 1)
    return f"{account.photos:,} photos, {account.faces:,} faces; without a vector {share:.2%}: {reasons or 'none'}"


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="benchmarks.batch")
    parser.add_argument("folder", type=Path, nargs="?", help="photos, in folders or not")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--peer", help="a Python that has dlib and face_recognition_models")
    parser.add_argument(
        "--million", action="store_true", help="the memory of a run over a million names, without photos"
    )
    return parser


if __name__ == "__main__":
    main()
