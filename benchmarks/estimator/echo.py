"""A contestant for tests of the benchmark. It waits for its argument in seconds, then returns one face."""

import sys
import time

from benchmarks.estimator.answers import PICTURE_TASK, Answer, serve


def main(seconds: float) -> None:
    """Serve until the input ends."""

    def picture(_: bytes) -> Answer:
        time.sleep(seconds)
        return Answer([(0.0, 0.0, 1.0, 1.0)], [1.0], steps={"decode": 1.0})

    serve({PICTURE_TASK: picture})


if __name__ == "__main__":
    main(float(sys.argv[1]))
