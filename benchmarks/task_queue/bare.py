"""The pipeline without a queue, as a timed process."""

from attrai_estimator.process import use_one_thread

use_one_thread()

from attrai_estimator.networks import load_networks  # noqa: E402
from attrai_estimator.pipeline import estimate  # noqa: E402
from attrai_estimator.settings import WORKSPACE_MODELS  # noqa: E402

from benchmarks.timed_process import answer  # noqa: E402


def main() -> None:
    """Serve until the input ends."""
    networks = load_networks(WORKSPACE_MODELS)
    answer(lambda data: estimate(data, networks))


if __name__ == "__main__":
    main()
