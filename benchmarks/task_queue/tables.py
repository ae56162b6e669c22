"""The printed tables: ratios first, then their parts."""

from collections.abc import Iterable, Sequence
from statistics import median, quantiles

from benchmarks.task_queue.eta_accuracy import EtaSample
from benchmarks.task_queue.rates import QueueTiming, Round


def rounds_table(one: str, other: str, rounds: Sequence[Round]) -> str:
    """Medians of the rounds: the ratio of the rates, the same by CPU time, and each timing."""
    head = f"**{_median(each.ratio for each in rounds):.3f}** times the photos a second"
    spread = (
        f"{min(each.ratio for each in rounds):.3f} to {max(each.ratio for each in rounds):.3f} in {len(rounds)} rounds"
    )
    by_cpu = f"{_median(each.cpu_ratio for each in rounds):.3f} by CPU time alone"
    return "\n".join([
        f"{other} : {one} = {head} ({spread}; {by_cpu})",
        "",
        "| | photos a second | ms a photo | CPU ms a photo | cores that others used |",
        "|---|---|---|---|---|",
        _timing_row(one, [each.one for each in rounds]),
        _timing_row(other, [each.other for each in rounds]),
    ])  # fmt: skip


def empty_table(timings: Sequence[QueueTiming]) -> str:
    """Messages a second with an empty pipeline."""
    return "\n".join([
        "| | messages a second | ms a message | CPU ms a message | cores that others used |",
        "|---|---|---|---|---|",
        _timing_row("a replica with an empty pipeline", timings),
    ])  # fmt: skip


def eta_table(samples: Sequence[EtaSample], history: int) -> str:
    """Errors of the ETA: of all photos after the history, then of those in it."""
    early = [each for each in samples if each.photo < history]
    late = [each for each in samples if each.photo >= history]
    return "\n".join([
        "| photos | told | times | median \\|told - real\\| / real | 90th percentile | median (told - real) / real | median real, s |",
        "|---|---|---|---|---|---|---|",
        *_eta_rows(f"after {history} others", late),
        *_eta_rows(f"the first {history}, without history", early),
    ])  # fmt: skip


def _eta_rows(name: str, samples: Sequence[EtaSample]) -> list[str]:
    first = [each for each in samples if each.first]
    return [_errors(f"{name} | first", first), _errors(f"{name} | first and in edits", samples)] if first else []


def _errors(name: str, samples: Sequence[EtaSample]) -> str:
    errors = [each.error for each in samples]
    bias = _median((each.eta - each.actual) / each.actual for each in samples)
    tenths = quantiles(errors, n=10)
    actual = _median(each.actual for each in samples)
    return f"| {name} | {len(samples)} | {median(errors):.1%} | {tenths[-1]:.0%} | {bias:+.0%} | {actual:.1f} |"


def _timing_row(name: str, timings: Sequence[QueueTiming]) -> str:
    rate, cpu, others = (_median(getattr(timing, field) for timing in timings) for field in ("rate", "cpu", "others"))
    return f"| {name} | {rate:.2f} | {1000 / rate:.2f} | {1000 * cpu:.2f} | {others:.2f} |"


def _median(values: Iterable[float]) -> float:
    return float(median(values))
