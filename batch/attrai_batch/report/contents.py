"""The contents of a report, for any format. Names of photos become printable here; `render` escapes them."""

from dataclasses import dataclass, field
from importlib.metadata import version

from attrai_batch.average_text import printable
from attrai_batch.progress import duration
from attrai_batch.report.pictures import average_face, histogram, vector_map
from attrai_batch.report.summary import TableSummary
from attrai_batch.run_stats import RunStats
from attrai_batch.sources.entries import PassedOver

Cells = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RunInfo:
    """What the table does not say. `workers`: the run's own estimators, one core each; None for a run on servers."""

    source: str
    workers: int | None
    passed_over: PassedOver = field(default_factory=PassedOver)

    @property
    def title(self) -> str:
        return f"Faces of {printable(self.source)}"


@dataclass(frozen=True, slots=True)
class ReportPicture:
    """A PNG with the name of its file; `alt` describes it for people who do not see it."""

    name: str
    png: bytes
    alt: str


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, then sentences, a table whose first row is its head, and a picture, each if there is one."""

    title: str
    sentences: Cells = ()
    rows: tuple[Cells, ...] = field(default=())
    picture: ReportPicture | None = None


def sections(run: RunInfo, stats: RunStats, summary: TableSummary) -> list[Section]:
    """The whole report, in its order."""
    parts = [
        _counts(run, stats),
        _failures(stats, summary),
        _steps(stats),
        _average(stats),
        _histogram(summary),
        _map(summary),
    ]
    return [part for part in parts if part is not None]


def _counts(run: RunInfo, stats: RunStats) -> Section:
    speed = stats.photos / stats.elapsed if stats.elapsed else 0.0
    failed = sum(stats.missed.values())
    share = failed / stats.photos if stats.photos else 0.0
    busy = sum(stats.seconds.values()) / stats.elapsed if stats.elapsed else 0.0
    cores = busy if run.workers is None else run.workers
    rows = (
        ("", ""),
        ("photos submitted", f"{stats.photos:,}"),
        ("with a face", f"{stats.found:,}"),
        ("faces", f"{stats.faces:,}"),
        ("failed", f"{failed:,} ({share:.2%})"),
        *_passed_over(run.passed_over),
        ("time", duration(stats.elapsed)),
        ("estimators", f"{busy:.1f} at work, on average" if run.workers is None else str(run.workers)),
        ("photos a second", f"{speed:.1f}"),
        ("photos a second for each core", f"{speed / cores if cores else 0.0:.1f}"),
    )
    return Section("Counts", (f"attrai-batch {version('attrai-batch')}, source {printable(run.source)}.",), rows)


def _passed_over(passed_over: PassedOver) -> list[Cells]:
    counts = {"archives in the source": passed_over.archives, "files that are no photos": passed_over.others}
    return [(f"{what}, passed over", f"{count:,}") for what, count in counts.items() if count]


def _failures(stats: RunStats, summary: TableSummary) -> Section | None:
    if not stats.missed:
        return Section("Failed photos", ("None.",))
    rows = [("reason", "photos", "example", "what was wrong")]
    for code, count in stats.missed.most_common():
        examples = summary.examples.get(code, [])
        for number, (photo, message) in enumerate(examples):
            rows.append(((code, f"{count:,}") if number == 0 else ("", "")) + (printable(photo), printable(message)))
    return Section("Failed photos", ("Each has its row in the table, with its reason.",), tuple(rows))


def _steps(stats: RunStats) -> Section | None:
    whole = sum(stats.seconds.values())
    if not whole:
        return None
    rows = [("step", "seconds", "share", "ms a photo")]
    for step, seconds in stats.seconds.items():
        rows.append((step, f"{seconds:,.1f}", f"{seconds / whole:.0%}", f"{1000 * seconds / max(stats.photos, 1):.1f}"))
    return Section("Times by step", ("All estimators together.",), tuple(rows))


def _average(stats: RunStats) -> Section | None:
    pixels = stats.average_face()
    if pixels is None:
        return None
    picture = ReportPicture("average-face.png", average_face(pixels), "The average of all aligned faces.")
    return Section(
        "The average face", (f"{stats.aligned_count:,} aligned faces, added up and divided.",), picture=picture
    )


def _histogram(summary: TableSummary) -> Section | None:
    if not summary.faces:
        return None
    said = ", ".join(f"{count:,} with {number}" for number, count in sorted(summary.faces.items())[:6])
    return Section(
        "Faces of a photo",
        picture=ReportPicture("faces.png", histogram(summary.faces), f"Histogram: photos {said} faces."),
    )


def _map(summary: TableSummary) -> Section | None:
    png = vector_map(summary.vectors)
    if png is None:
        return None
    said = f"{len(summary.vectors):,} of {summary.all_vectors:,} vectors on the plane along which they differ most (principal components)."
    return Section("Map of the vectors", (said,), picture=ReportPicture("map.png", png, f"Scatter plot: {said}"))
