"""The pipeline without a queue: for each line of JSON paths on its input, the seconds that they took on its output."""

import json
import sys
from pathlib import Path
from time import perf_counter

from attrai_estimator.threads import use_one_thread

use_one_thread()

from attrai_estimator.networks import load_networks  # noqa: E402
from attrai_estimator.pipeline import estimate  # noqa: E402
from attrai_estimator.settings import WORKSPACE_MODELS  # noqa: E402


def main() -> None:
    """Serve until the input ends."""
    networks = load_networks(WORKSPACE_MODELS, "openvino")
    for line in sys.stdin:
        paths = [Path(path) for path in json.loads(line)]
        start = perf_counter()
        for path in paths:
            estimate(path.read_bytes(), networks)
        sys.stdout.write(f"{perf_counter() - start}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
