"""The report of a run: counts, reasons with examples, times, pictures; as Markdown and as one HTML file."""

from dataclasses import dataclass
from pathlib import Path

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
            (folder / section.picture.name).write_bytes(section.picture.png)
    report.markdown.write_text(as_markdown(run.title, parts), encoding="utf-8")
    report.html.write_text(as_html(run.title, parts), encoding="utf-8")
    return report
