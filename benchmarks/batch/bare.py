"""The pipeline of a batch without queue, spool and table, as a timed process."""

from attrai_estimator.process import use_one_thread

use_one_thread()

from contextlib import suppress  # noqa: E402

from attrai_estimator.batch.faces import FaceOptions, describe_faces, locate_faces  # noqa: E402
from attrai_estimator.networks import load_networks  # noqa: E402
from attrai_estimator.pipeline import Clock  # noqa: E402
from attrai_estimator.settings import WORKSPACE_MODELS  # noqa: E402
from attrai_shared.errors import PhotoError  # noqa: E402

from benchmarks.timed_process import answer  # noqa: E402

WISH = FaceOptions("all", frozenset({"embedding"}))


def main() -> None:
    """Compute what a batch computes, photo by photo, and keep nothing."""
    networks = load_networks(WORKSPACE_MODELS, embed=True)
    clock = Clock()

    def embedded(data: bytes) -> None:
        with suppress(PhotoError):
            describe_faces([locate_faces(data, networks, WISH, clock)], networks, WISH, clock)

    answer(embedded)


if __name__ == "__main__":
    main()
