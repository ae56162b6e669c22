"""The ratios that are told of data sets compare the same thing: speed with speed, round by round."""

from collections import Counter

from attrai_batch.run_stats import RunStats

from benchmarks.batch.rates import BARE_PIPELINES, PEER_PIPELINES, THROUGH_QUEUE, WITHOUT_SERVERS, RateComparison
from benchmarks.batch.tables import comparison_table
from benchmarks.batch.timing import BatchTiming

STATS = RunStats(photos=200, found=199, faces=240, missed=Counter(no_face=1))
TIMINGS = {
    BARE_PIPELINES: [BatchTiming(100, wall=2.0, work=2.0, cpu=4.0)] * 3,
    THROUGH_QUEUE: [BatchTiming(100, wall=wall, work=2.5, cpu=5.0) for wall in (4.0, 5.0, 10.0)],
    WITHOUT_SERVERS: [BatchTiming(100, wall=8.0, work=4.0, cpu=8.0)] * 3,
}


def test_ratios_are_medians_of_rounds_whatever_the_legs_lengths() -> None:
    peers = [BatchTiming(10, wall=2.0, work=2.0, cpu=4.0)] * 3
    text = comparison_table(RateComparison({**TIMINGS, PEER_PIPELINES: peers}, STATS))
    assert (
        f"{THROUGH_QUEUE} : {BARE_PIPELINES} = **0.800** times the photos a second while photos are at it; 0.400 from"
        in text
    )
    assert "0.800 by CPU time" in text
    assert f"{THROUGH_QUEUE} : {PEER_PIPELINES} = **8.000**" in text


def test_photos_without_a_vector_are_told_with_their_reason() -> None:
    assert "200 photos, 240 faces; without a vector 0.50%: 1 no_face." in comparison_table(
        RateComparison(TIMINGS, STATS)
    )


def test_without_the_peer_nothing_is_said_of_it() -> None:
    assert PEER_PIPELINES not in comparison_table(RateComparison(TIMINGS, STATS))
