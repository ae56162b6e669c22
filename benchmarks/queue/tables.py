"""The tables that are printed: ratios first, then what they are made of. Pure."""

from collections.abc import Iterable, Sequence
from statistics import median, quantiles

from benchmarks.queue.rates import Leg, Round
from benchmarks.queue.told import Telling


def rounds_table(one: str, other: str, rounds: Sequence[Round]) -> str:
    """Medians of the rounds: the ratio of the rates, the same by CPU time, and each leg."""
    head = f"**{_mid(each.ratio for each in rounds):.3f}** times the photos a second"
    spread = (
        f"{min(each.ratio for each in rounds):.3f} to {max(each.ratio for each in rounds):.3f} in {len(rounds)} rounds"
    )
    by_cpu = f"{_mid(each.cpu_ratio for each in rounds):.3f} by CPU time alone"
    return "\n".join([
        f"{other} : {one} = {head} ({spread}; {by_cpu})",
        "",
        "| | photos a second | ms a photo | CPU ms a photo | cores that others used |",
        "|---|---|---|---|---|",
        _leg(one, [each.one for each in rounds]),
        _leg(other, [each.other for each in rounds]),
    ])  # fmt: skip


def empty_table(legs: Sequence[Leg]) -> str:
    """Messages a second with a pipeline that does nothing."""
    return "\n".join([
        "| | messages a second | ms a message | CPU ms a message | cores that others used |",
        "|---|---|---|---|---|",
        _leg("a replica with an empty pipeline", legs),
    ])  # fmt: skip


def told_table(tellings: Sequence[Telling], history: int) -> str:
    """How far off the told times were: of the photos without history, then of all after them."""
    early = [each for each in tellings if each.photo < history]
    late = [each for each in tellings if each.photo >= history]
    return "\n".join([
        "| photos | told | times | median \\|told - real\\| / real | 90th percentile | median (told - real) / real | median real, s |",
        "|---|---|---|---|---|---|---|",
        *_told(f"after {history} others", late),
        *_told(f"the first {history}, without history", early),
    ])  # fmt: skip


def _told(name: str, tellings: Sequence[Telling]) -> list[str]:
    first = [each for each in tellings if each.first]
    return [_errors(f"{name} | first", first), _errors(f"{name} | first and in edits", tellings)] if first else []


def _errors(name: str, tellings: Sequence[Telling]) -> str:
    errors = [each.error for each in tellings]
    bias = _mid((each.told - each.real) / each.real for each in tellings)
    tenths = quantiles(errors, n=10)
    real = _mid(each.real for each in tellings)
    return f"| {name} | {len(tellings)} | {median(errors):.1%} | {tenths[-1]:.0%} | {bias:+.0%} | {real:.1f} |"


def _leg(name: str, legs: Sequence[Leg]) -> str:
    rate, cpu, others = (_mid(getattr(leg, field) for leg in legs) for field in ("rate", "cpu", "others"))
    return f"| {name} | {rate:.2f} | {1000 / rate:.2f} | {1000 * cpu:.2f} | {others:.2f} |"


def _mid(values: Iterable[float]) -> float:
    return float(median(values))
