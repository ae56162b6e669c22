"""The report of a run: counts, reasons with examples, times, pictures; as Markdown and as one HTML file."""

from dataclasses import dataclass
from pathlib import Path

from attrai_batch.named_errors import named_errors
from attrai_batch.report.contents import RunInfo, sections
from attrai_batch.report.render import as_html, as_markdown
from attrai_batch.report.summary import summarize
from attrai_batch.run_stats import RunStats

__all__ = ["Report", "RunInfo", "write_report"]


@dataclass(frozen=True, slots=True)
class Report:
    """The files of a report. The Markdown file shows pictures beside it; the HTML file contains them."""

    markdown: Path
    html: Path


def write_report(table: Path, stats: RunStats, run: RunInfo, folder: Path) -> Report:
    """Write the report of a finished table into `folder`, over an earlier one. Raises InvalidTable, OSError."""
    parts = sections(run, stats, summarize(table))
    folder.mkdir(parents=True, exist_ok=True)
    report = Report(folder / "report.md", folder / "report.html")
    for section in parts:
        if section.picture is not None:
            _write(folder / section.picture.name, section.picture.png)
    _write(report.markdown, as_markdown(run.title, parts).encode())
    _write(report.html, as_html(run.title, parts).encode())
    return report


def _write(path: Path, content: bytes) -> None:
    with named_errors(path):
        path.write_bytes(content)
