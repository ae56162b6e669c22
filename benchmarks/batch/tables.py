"""The tables of a comparison: each pipeline, the ratios of their medians, and the photos without a vector."""

from collections.abc import Sequence
from statistics import median

from attrai_batch.run_stats import RunStats

from benchmarks.batch.rates import BARE_PIPELINES, PEER_PIPELINES, THROUGH_QUEUE, WITHOUT_SERVERS, RateComparison
from benchmarks.batch.timing import BatchTiming


def comparison_table(measured: RateComparison) -> str:
    """All tables, as Markdown."""
    return "\n\n".join(
        ["\n".join(_ratios(measured.timings)), "\n".join(_legs(measured.timings)), _missed(measured.stats)]
    )


def _ratios(timings: dict[str, list[BatchTiming]]) -> list[str]:
    pairs = [(THROUGH_QUEUE, BARE_PIPELINES), (WITHOUT_SERVERS, BARE_PIPELINES), (THROUGH_QUEUE, PEER_PIPELINES)]
    return [_ratio(one, other, timings) for one, other in pairs if other in timings]


def _ratio(one: str, other: str, timings: dict[str, list[BatchTiming]]) -> str:
    rounds = list(zip(timings[one], timings[other], strict=True))
    working = _mid([mine.working_rate / theirs.working_rate for mine, theirs in rounds])
    whole = _mid([mine.rate / theirs.rate for mine, theirs in rounds])
    cpu = _mid([theirs.cpu_ms / mine.cpu_ms for mine, theirs in rounds])
    return (
        f"- {one} : {other} = **{working:.3f}** times the photos a second while photos are at it; {whole:.3f} from the command's "
        f"start to its end, table and report included; {cpu:.3f} by CPU time"
    )


def _legs(timings: dict[str, list[BatchTiming]]) -> list[str]:
    head = ["| | photos | photos a second | from start to end | CPU ms a photo |", "|---|---|---|---|---|"]
    return head + [_timing_row(name, rounds) for name, rounds in timings.items()]


def _timing_row(name: str, rounds: Sequence[BatchTiming]) -> str:
    working, whole, cpu = (
        _mid([getattr(timing, field) for timing in rounds]) for field in ("working_rate", "rate", "cpu_ms")
    )
    return f"| {name} | {rounds[0].photos:,} | {working:.1f} | {whole:.1f} | {cpu:.1f} |"


def _missed(stats: RunStats) -> str:
    reasons = ", ".join(f"{count} {code}" for code, count in sorted(stats.missed.items()))
    share = sum(stats.missed.values()) / max(stats.photos, 1)
    return f"{stats.photos:,} photos, {stats.faces:,} faces; without a vector {share:.2%}: {reasons or 'none'}."


def _mid(values: Sequence[float]) -> float:
    return float(median(values))
