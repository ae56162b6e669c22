"""The ratios that are told of data sets compare the same thing: speed with speed, round by round."""

from collections import Counter

from attrai_batch.run_stats import RunStats

from benchmarks.batch.measured import Leg
from benchmarks.batch.rates import EMBEDDED, PEERS, PIPELINES, QUEUE, Measured
from benchmarks.batch.tables import told

STATS = RunStats(photos=200, found=199, faces=240, missed=Counter(no_face=1))
LEGS = {
    PIPELINES: [Leg(100, wall=2.0, work=2.0, cpu=4.0)] * 3,
    QUEUE: [Leg(100, wall=wall, work=2.5, cpu=5.0) for wall in (4.0, 5.0, 10.0)],
    EMBEDDED: [Leg(100, wall=8.0, work=4.0, cpu=8.0)] * 3,
}


def test_ratios_are_medians_of_rounds_whatever_the_legs_lengths() -> None:
    peers = [Leg(10, wall=2.0, work=2.0, cpu=4.0)] * 3
    text = told(Measured({**LEGS, PEERS: peers}, STATS))
    assert f"{QUEUE} : {PIPELINES} = **0.800** times the photos a second while photos are at it; 0.400 from" in text
    assert "0.800 by CPU time" in text
    assert f"{QUEUE} : {PEERS} = **8.000**" in text


def test_photos_without_a_vector_are_told_with_their_reason() -> None:
    assert "200 photos, 240 faces; without a vector 0.50%: 1 no_face." in told(Measured(LEGS, STATS))


def test_without_the_peer_nothing_is_said_of_it() -> None:
    assert PEERS not in told(Measured(LEGS, STATS))
