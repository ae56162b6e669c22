"""The pipeline of a batch without queue, spool and table: every WORKERS-th photo of a folder, from the AT-th one on, one by one."""

import sys
from pathlib import Path

from attrai_estimator.threads import use_one_thread

use_one_thread()

from attrai_estimator.chunks.faces import Wish, described, locate  # noqa: E402
from attrai_estimator.networks import load_networks  # noqa: E402
from attrai_estimator.pipeline import Clock  # noqa: E402
from attrai_estimator.settings import WORKSPACE_MODELS  # noqa: E402
from attrai_shared.errors import PhotoError  # noqa: E402

WISH = Wish("all", frozenset({"embedding"}))


def main(folder: Path, at: int, workers: int) -> None:
    """Everything that the batch computes of these photos; nothing is kept."""
    networks = load_networks(WORKSPACE_MODELS, embed=True)
    clock = Clock()
    for path in sorted(folder.rglob("*.jpg"))[at::workers]:
        try:
            described([locate(path.read_bytes(), networks, WISH, clock)], networks, WISH, clock)
        except PhotoError:
            continue


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
