"""What a report says, before it is Markdown or HTML. Names of photos are made printable here and escaped there."""

from dataclasses import dataclass, field
from importlib.metadata import version

from attrai_batch.account import Account
from attrai_batch.average_text import printable
from attrai_batch.progress import duration
from attrai_batch.report.pictures import average_face, histogram, vector_map
from attrai_batch.report.seen import Seen

Cells = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """What only the run itself knows. `workers`: estimators of one core each that worked on it; None where they are others'."""

    source: str
    workers: int | None

    @property
    def title(self) -> str:
        return f"Faces of {printable(self.source)}"


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG: the name of its file, its bytes, and what it shows, for those who do not see it."""

    name: str
    png: bytes
    shows: str


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, sentences, a table (its first row is its head) and a picture, what there is of them."""

    title: str
    sentences: Cells = ()
    rows: tuple[Cells, ...] = field(default=())
    picture: Picture | None = None


def sections(run: Run, account: Account, seen: Seen) -> list[Section]:
    """The whole report, in its order."""
    parts = [
        _counts(run, account),
        _failures(account, seen),
        _steps(account),
        _average(account),
        _histogram(seen),
        _map(seen),
    ]
    return [part for part in parts if part is not None]


def _counts(run: Run, account: Account) -> Section:
    speed = account.photos / account.elapsed if account.elapsed else 0.0
    failed = sum(account.missed.values())
    share = failed / account.photos if account.photos else 0.0
    at_work = sum(account.seconds.values()) / account.elapsed if account.elapsed else 0.0
    cores = at_work if run.workers is None else run.workers
    rows = (
        ("", ""),
        ("photos submitted", f"{account.photos:,}"),
        ("with a face", f"{account.found:,}"),
        ("faces", f"{account.faces:,}"),
        ("failed", f"{failed:,} ({share:.2%})"),
        ("time", duration(account.elapsed)),
        ("estimators", f"{at_work:.1f} at work, on average" if run.workers is None else str(run.workers)),
        ("photos a second", f"{speed:.1f}"),
        ("photos a second for each core", f"{speed / cores if cores else 0.0:.1f}"),
    )
    return Section("Counts", (f"attrai-batch {version('attrai-batch')}, source {printable(run.source)}.",), rows)


def _failures(account: Account, seen: Seen) -> Section | None:
    if not account.missed:
        return Section("Failed photos", ("None.",))
    rows = [("reason", "photos", "example", "what was wrong")]
    for code, count in account.missed.most_common():
        examples = seen.examples.get(code, [])
        for number, (photo, message) in enumerate(examples):
            rows.append(((code, f"{count:,}") if number == 0 else ("", "")) + (printable(photo), printable(message)))
    return Section("Failed photos", ("Each has its row in the table, with its reason.",), tuple(rows))


def _steps(account: Account) -> Section | None:
    whole = sum(account.seconds.values())
    if not whole:
        return None
    rows = [("step", "seconds", "share", "ms a photo")]
    for step, seconds in account.seconds.items():
        rows.append(
            (step, f"{seconds:,.1f}", f"{seconds / whole:.0%}", f"{1000 * seconds / max(account.photos, 1):.1f}")
        )
    return Section("Times by step", ("All estimators together.",), tuple(rows))


def _average(account: Account) -> Section | None:
    pixels = account.average_face()
    if pixels is None:
        return None
    picture = Picture("average-face.png", average_face(pixels), "The average of all aligned faces.")
    return Section(
        "The average face", (f"{account.aligned_count:,} aligned faces, added up and divided.",), picture=picture
    )


def _histogram(seen: Seen) -> Section | None:
    if not seen.faces:
        return None
    said = ", ".join(f"{count:,} with {number}" for number, count in sorted(seen.faces.items())[:6])
    return Section(
        "Faces of a photo", picture=Picture("faces.png", histogram(seen.faces), f"Histogram: photos {said} faces.")
    )


def _map(seen: Seen) -> Section | None:
    png = vector_map(seen.vectors)
    if png is None:
        return None
    said = f"{len(seen.vectors):,} of {seen.all_vectors:,} vectors on the plane along which they differ most (principal components)."
    return Section("Map of the vectors", (said,), picture=Picture("map.png", png, f"Scatter plot: {said}"))
