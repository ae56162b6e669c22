"""The pipeline of a batch without queue, spool and table: a process that is asked."""

from attrai_estimator.threads import use_one_thread

use_one_thread()

from contextlib import suppress  # noqa: E402

from attrai_estimator.chunks.faces import Wish, described, locate  # noqa: E402
from attrai_estimator.networks import load_networks  # noqa: E402
from attrai_estimator.pipeline import Clock  # noqa: E402
from attrai_estimator.settings import WORKSPACE_MODELS  # noqa: E402
from attrai_shared.errors import PhotoError  # noqa: E402

from benchmarks.timed_process import answer  # noqa: E402

WISH = Wish("all", frozenset({"embedding"}))


def main() -> None:
    """Everything that the batch computes of a photo, photo by photo; nothing is kept."""
    networks = load_networks(WORKSPACE_MODELS, embed=True)
    clock = Clock()

    def embedded(data: bytes) -> None:
        with suppress(PhotoError):
            described([locate(data, networks, WISH, clock)], networks, WISH, clock)

    answer(embedded)


if __name__ == "__main__":
    main()
