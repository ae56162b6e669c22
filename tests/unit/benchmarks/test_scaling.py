import pytest

from benchmarks.task_queue.rates import QueueTiming, Round
from benchmarks.task_queue.scaling import Scaling


def gain(rate: float) -> Round:
    return Round(one=QueueTiming(rate=10.0, cpu=0.1, others=0.0), other=QueueTiming(rate=rate, cpu=0.1, others=0.0))


def test_what_the_queue_keeps_is_told_round_by_round() -> None:
    scaling = Scaling(queue=[gain(16.0), gain(18.0), gain(9.0)], bare=[gain(16.0), gain(20.0), gain(10.0)])
    assert scaling.against_bare == pytest.approx(0.9)
